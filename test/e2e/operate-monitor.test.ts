/** What an operator's Prometheus and probes are told by a runtime at work, and in trouble. */
import { renameSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { childrenOf } from './processes.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(300_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());
const state = `${runtime.folder}/state`;

function ask(path: string): Promise<{ code: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get({ socketPath: `${state}/monitor.sock`, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ code: response.statusCode, body }));
    }).on('error', reject);
  });
}

/** Reports are kept for a moment, so the wanted one is waited for. */
async function untilTold(path: string, wanted: RegExp): Promise<string> {
  let body = '';
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    ({ body } = await ask(path));
    if (wanted.test(body)) break;
    await sleep(50);
  }
  return body;
}

t.test('metrics tell what was done, and name nobody', async (t) => {
  const config = {
    metadata: { name: 'planted-pod', uid: 'u1', namespace: 'planted-space', attempt: 0 },
    linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
  };
  const pod = { id: await cri.pod(config), config };
  const id = await cri.run(pod, sleeper({}));
  await t.rejects(cri.call('StartContainer', { container_id: 'none' }));
  await t.rejects(cri.call('PullImage', { image: { image: '127.0.0.1:1/planted-image' } }));
  const { code, body } = await ask('/metrics');
  t.equal(code, 200);
  for (const expected of [
    'keelson_cri_requests_total{rpc="StartContainer",code="ok"} 1',
    'keelson_cri_requests_total{rpc="StartContainer",code="notFound"} 1',
    'keelson_cri_request_duration_seconds_count{rpc="RunPodSandbox"} 1',
    'keelson_image_pulls_total{result="failure"} 1',
    'keelson_containers{state="running"} 1',
    'keelson_containers{state="exited"} 0',
    'keelson_pods{state="ready"} 1',
    'keelson_shims 1',
    'keelson_images 1',
  ]) {
    t.ok(body.includes(`\n${expected}\n`), expected);
  }
  t.match(body, /^keelson_image_store_bytes [1-9]\d{5,}$/m);
  t.match(body, /^process_resident_memory_bytes [1-9]\d{6,}$/m);
  t.match(body, /^keelson_event_loop_delay_seconds_count \d+$/m);
  t.notMatch(body, /planted|NaN|undefined/);
  t.notOk(body.includes(id) || body.includes(pod.id));
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.match((await ask('/metrics')).body, /^keelson_shims 0$/m);
});

t.test('a runtime without a network is healthy and not ready', async (t) => {
  // A loaded machine may take longer for one look than a look may take.
  const healthy = '[+]cri ok\n[+]state ok\n[+]spawner ok\n[+]cni ok\n';
  t.equal(await untilTold('/healthz', /^ok$/m), `${healthy}ok\n`);
  const unready = /\[\+\]started ok\n\[-\]network failed: No n/;
  t.match(await untilTold('/readyz', unready), unready);
  t.equal((await ask('/readyz')).code, 503);
});

t.test('health fails while the sockets are gone, and is well again after', async (t) => {
  for (const [file, check] of [
    ['cri.sock', 'cri'],
    ['cni.sock', 'cni'],
  ] as const) {
    renameSync(`${state}/${file}`, `${state}/${file}.away`);
    const body = await untilTold('/healthz', /failed$/m);
    t.match(body, new RegExp(`\\[-\\]${check} failed: `));
    renameSync(`${state}/${file}.away`, `${state}/${file}`);
    t.match(await untilTold('/healthz', /^ok$/m), /^ok$/m);
  }
});

t.test('health fails when programs can be started no more', async (t) => {
  const spawner = childrenOf(runtime.pid).find(({ name }) => name === 'keelson-spawner');
  if (spawner === undefined) throw new Error('no spawner');
  // One that is killed has a successor; one that hangs has none.
  process.kill(spawner.pid, 'SIGSTOP');
  t.teardown(() => process.kill(spawner.pid, 'SIGKILL'));
  const body = await untilTold('/healthz', /^failed$/m);
  t.match(body, /\[-\]spawner failed: /);
});

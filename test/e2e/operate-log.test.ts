/** The logs of a runtime at work: one id from the request to the shim, and nobody's secrets. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { WebSocket } from 'ws';
import { type Answer, CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(300_000);

/** A registry that lets nobody in and tells everybody what it was told. */
const registry = createServer((request, response) => {
  const { authorization = '' } = request.headers;
  const { port } = registry.address() as AddressInfo;
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message: `got ${authorization}` }] });
  if (request.url?.startsWith('/token') === true && !request.url.includes('basic')) {
    response.end(JSON.stringify({ token: secrets.token, expires_in: 60 }));
    return;
  }
  const realm = `Bearer realm="http://127.0.0.1:${port}/token",service="test"`;
  response.writeHead(401, { 'www-authenticate': realm, 'content-type': 'application/json' });
  response.end(body);
});
await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
t.teardown(() => registry.close());
const host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;

const secrets = {
  password: 'planted-password-1',
  identity: 'planted-identity-2',
  token: 'planted-token-3',
  inName: 'planted-in-name-4',
  environment: 'planted-environment-5',
  wrongEnvironment: 'planted-wrong-environment-6',
  argument: 'planted-argument-7',
  annotation: 'planted-annotation-8',
  exec: 'planted-exec-9',
  auth: 'planted-auth-10',
};

const settings = t.testdir({});
writeFileSync(
  `${settings}/config.yaml`,
  JSON.stringify({ image: { registries: { [host]: { plainHttp: true } } } }),
);
const runtime = await PrivateRuntime.start({ flags: ['--config', `${settings}/config.yaml`] });
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const config = {
  metadata: { name: 'log', uid: 'u1', namespace: 'ns', attempt: 0 },
  log_directory: `${runtime.folder}/logs`,
  annotations: { note: secrets.annotation },
  linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
};
mkdirSync(config.log_directory);
const pod = { id: await cri.pod(config), config };
t.teardown(() => cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id }));

async function lines(): Promise<Answer[]> {
  const text = await runtime.log;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** A line may be written a moment after its request was answered. */
async function line(wanted: (entry: Answer) => boolean): Promise<Answer> {
  for (let attempt = 0; attempt < 4000; attempt += 1) {
    const found = (await lines()).findLast(wanted);
    if (found !== undefined) return found;
    await sleep(25);
  }
  return undefined;
}

function shimLines(): Answer[] {
  return readFileSync(`${runtime.folder}/state/pods/${pod.id}/shim.log`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

t.test('a request has one id in the log of the runtime and in that of the shim', async (t) => {
  const id = await cri.run(pod, sleeper({}));
  await cri.output(id, 'true');
  await cri.call('StopContainer', { container_id: id, timeout: 0 });
  const ids = new Map<string, string>();
  for (const rpc of ['CreateContainer', 'StartContainer', 'ExecSync', 'StopContainer']) {
    const done = await line((entry) => entry.rpc === rpc && entry.container === id);
    t.match(done, { request: /^[0-9a-f]{8}$/, msg: 'done', ms: Number }, rpc);
    ids.set(rpc, done.request);
  }
  t.equal(new Set(ids.values()).size, 4);
  const shim = shimLines().filter((entry) => entry.container === id);
  const told = (rpc: string): string[] =>
    shim.filter(({ request }) => request === ids.get(rpc)).map(({ msg }) => msg);
  t.match(told('CreateContainer'), ['created']);
  // Its end is part of the request that started it, whoever ended it.
  t.match(told('StartContainer'), ['running', 'exited']);
  t.match(told('ExecSync'), ['running', 'exited']);
  t.match(
    shim.find(({ msg, process }) => msg === 'exited' && process === undefined),
    { name: 'shim', pod: pod.id, exitCode: 137, pid: Number, time: Number, child: Number },
  );
  await cri.remove(id);
});

t.test(
  'what a stage cannot do is in the log of the shim, under the id of the request',
  async (t) => {
    const id = await cri.container(pod, sleeper({}, ['/no/such/program']));
    await t.rejects(cri.call('StartContainer', { container_id: id }));
    const refused = await line((entry) => entry.msg === 'refused' && entry.container === id);
    t.match(refused, { rpc: 'StartContainer', why: /no\/such\/program/ });
    t.match(
      shimLines().find(({ msg, container }) => msg === 'failed' && container === id),
      { request: refused.request, code: 'ENOENT', call: String },
    );
    await cri.remove(id);
  },
);

t.test('a stream is part of the request that offered it', async (t) => {
  const id = await cri.run(pod, sleeper({}));
  const offer = { container_id: id, cmd: ['echo', 'hello'], stdout: true };
  const { url } = await cri.call('Exec', offer);
  const socket = new WebSocket(url.replace(/^http/, 'ws'), ['v5.channel.k8s.io']);
  await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject));
  const done = await line((entry) => entry.rpc === 'Exec' && entry.container === id);
  const ended = await line((entry) => entry.msg === 'stream ended');
  t.equal(ended.request, done.request);
  const exec = shimLines().filter(({ request }) => request === done.request);
  t.match(
    exec.map(({ msg }) => msg),
    ['running', 'exited'],
  );
  await cri.remove(id);
});

t.test('no log has a credential, a token, an argument or a value of the environment', async (t) => {
  const image = { image: `${host}/a/b:1` };
  const basic = Buffer.from(`someone:${secrets.auth}`).toString('base64');
  const pulls = [
    { image, auth: { username: 'someone', password: secrets.password } },
    { image, auth: { identity_token: secrets.identity } },
    { image, auth: { registry_token: secrets.token } },
    { image, auth: { auth: basic } },
    { image: { image: `someone:${secrets.inName}@${host}/a/b:1` } },
    { image: { image: `https://someone:${secrets.inName}@${host}/a/b:1` } },
  ];
  for (const pull of pulls) await t.rejects(cri.call('PullImage', pull));
  const id = await cri.run(
    pod,
    sleeper({
      envs: [{ key: 'KEY', value: Buffer.from(secrets.environment) }],
      annotations: { note: secrets.annotation },
      args: [secrets.argument],
      command: ['sh', '-c', 'sleep 1000'],
    }),
  );
  const wrong = sleeper({ envs: [{ key: 'A=B', value: Buffer.from(secrets.wrongEnvironment) }] });
  await cri.container(pod, wrong).catch(() => undefined);
  const nul = sleeper({
    envs: [{ key: 'A', value: Buffer.from(`${secrets.wrongEnvironment}\0`) }],
  });
  await cri.container(pod, nul).catch(() => undefined);
  const cmd = ['/no/such/program', secrets.exec];
  await cri.call('ExecSync', { container_id: id, cmd, timeout: 5 }).catch(() => undefined);
  await cri.call('ExecSync', { container_id: id, cmd: ['sh', '-c', `: ${secrets.exec}`] });
  await runtime.run('exec', '--env', `KEY=${secrets.exec}`, id, 'true');
  await cri.call('StopContainer', { container_id: id, timeout: 0 });
  const log = (await runtime.log) + JSON.stringify(shimLines());
  for (const [name, secret] of Object.entries({ ...secrets, basic })) {
    t.notOk(log.includes(secret), name);
    const told = log.split('\n').find((text) => text.includes(secret));
    if (told !== undefined) t.comment(told);
  }
  t.match(log, /PullImage.*refused/, 'though they were written about');
  await cri.remove(id);
});

t.test('the log of a shim is bounded, whole lines, the newest ones', async (t) => {
  const id = await cri.run(pod, sleeper({}));
  for (let count = 0; count < 160; count += 1) await cri.output(id, 'true');
  const path = `${runtime.folder}/state/pods/${pod.id}/shim.log`;
  const first = readFileSync(path, 'utf8').length;
  t.ok(first < 70_000 && first > 20_000, `${first} bytes`);
  const newest = shimLines().at(-1).request;
  t.match(await line((entry) => entry.request === newest), { rpc: 'ExecSync' });
  await cri.remove(id);
});

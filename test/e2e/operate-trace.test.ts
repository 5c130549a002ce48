/** A pod's start as an OpenTelemetry collector sees it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import t from 'tap';
import { type Answer, CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(300_000);
const spans: Answer[] = [];
const collector = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text: string) => (body += text));
  request.on('end', () => {
    spans.push(...JSON.parse(body).resourceSpans[0].scopeSpans[0].spans);
    response.end('{}');
  });
});
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
t.teardown(() => {
  collector.closeAllConnections();
  collector.close();
});

const settings = t.testdir({ 'net.d': {} });
const { port } = collector.address() as AddressInfo;
const tracing = { endpoint: `http://127.0.0.1:${port}`, samplingRatePerMillion: 0 };
writeFileSync(`${settings}/config.yaml`, JSON.stringify({ tracing }));
// The loopback plugin gives no address, so that the pod needs nothing of the host.
const plugins = [{ type: 'loopback' }];
const network = { cniVersion: '1.0.0', name: 'traced', plugins };
writeFileSync(`${settings}/net.d/10-traced.conflist`, JSON.stringify(network));
process.env['KEELSON_CNI_CONFIG'] = `${settings}/net.d`;
const runtime = await PrivateRuntime.start({ flags: ['--config', `${settings}/config.yaml`] });
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const metadata = new Metadata();
metadata.set('traceparent', `00-${traceId}-${parentId}-01`);

async function spanNamed(name: string): Promise<Answer> {
  for (let attempt = 0; attempt < 4000; attempt += 1) {
    const found = spans.find((span) => span.name === name);
    if (found !== undefined) return found;
    await sleep(25);
  }
  throw new Error(`${name} is not among ${spans.map((span) => span.name).join(', ')}`);
}

function attribute(span: Answer, wanted: string): string | undefined {
  const found = span.attributes.find(({ key }: { key: string }) => key === wanted);
  return found?.value.stringValue ?? found?.value.intValue;
}

t.test("a kubelet's trace goes on to plugins, supervisors and registries", async (t) => {
  const config = {
    metadata: { name: 'traced', uid: 'u1', namespace: 'ns', attempt: 0 },
    log_directory: `${runtime.folder}/logs`,
    linux: { security_context: { namespace_options: { pid: 'CONTAINER' } } },
  };
  mkdirSync(config.log_directory);
  const { pod_sandbox_id } = await cri.traced('RunPodSandbox', { config }, metadata);
  t.teardown(() => cri.call('RemovePodSandbox', { pod_sandbox_id }));
  const request = { pod_sandbox_id, config: sleeper({}), sandbox_config: config };
  const { container_id } = await cri.traced('CreateContainer', request, metadata);
  await cri.traced('StartContainer', { container_id }, metadata);
  const image = { image: `someone:planted@127.0.0.1:1/none` };
  await t.rejects(cri.traced('PullImage', { image }, metadata));

  const root = await spanNamed('runtime.v1.RuntimeService/RunPodSandbox');
  t.match(root, { traceId, parentSpanId: parentId, kind: 2 });
  t.equal(attribute(root, 'pod'), pod_sandbox_id);
  t.equal(attribute(root, 'rpc.grpc.status_code'), '0');
  t.match(await spanNamed('cni ADD loopback'), { traceId, parentSpanId: root.spanId });
  t.match(await spanNamed('shim start-shim'), { traceId });
  const started = await spanNamed('runtime.v1.RuntimeService/StartContainer');
  t.match(await spanNamed('shim start'), { traceId, parentSpanId: started.spanId });
  const created = await spanNamed('runtime.v1.RuntimeService/CreateContainer');
  t.match(await spanNamed('snapshot'), { traceId, parentSpanId: created.spanId });
  const refused = await spanNamed('runtime.v1.ImageService/PullImage');
  t.match(refused, { status: { code: 2 } });
  t.notMatch(JSON.stringify(spans), /planted/);
});

t.test('a call that nobody traces makes no span', async (t) => {
  await cri.call('Version');
  await cri.traced('ListContainers', {}, metadata);
  await spanNamed('runtime.v1.RuntimeService/ListContainers');
  t.notOk(spans.some(({ name }) => /Version/.test(name)));
});

/** What a kubelet does for its node beside running pods: it asks them, counts, and keeps room. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import { join } from 'node:path';
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { until } from '../../until.ts';
import { isTrue, PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
/** Written anew whenever the kubelet begins. */
const configuration: Record<string, unknown> = {
  containerLogMaxSize: '8Ki',
  containerLogMaxFiles: 3,
  containerLogMonitorInterval: '1s',
  nodeStatusUpdateFrequency: '1s',
};
const node = await PrivateNode.start({ configuration });
t.teardown(() => node[Symbol.asyncDispose]());

async function reconfigure(more: object): Promise<void> {
  Object.assign(configuration, more);
  await node.down();
  await node.up();
}

async function end(...names: readonly string[]): Promise<void> {
  for (const name of names) await node.delete(name, 0);
  for (const name of names) await node.gone(name);
}

const endedMs = (pod: Pod | undefined) =>
  Date.parse(pod?.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? '9999');
const restarts = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;

t.test('a TCP probe is a connection: who listens is ready, who does not is ended', async (t) => {
  const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
  await node.create({ containers: [shell(waiting, { readinessProbe })] }, { name: 'late' });
  await node.told('late', /^Unhealthy Readiness probe failed: dial tcp 10\.\S+:8080: .*refused/);
  t.notOk(isTrue(await node.pod('late'), 'Ready'));
  const livenessProbe = { tcpSocket: { port: 81 }, periodSeconds: 1, failureThreshold: 1 };
  const spec = { containers: [shell(waiting, { livenessProbe })] };
  await node.create(spec, { name: 'deaf' });
  await node.until('deaf', (pod) => restarts(pod) > 0);
  await node.told('deaf', /^Killing Container main failed liveness probe, will be restarted/);
  await end('deaf', 'late');
  const heard = `httpd -f -p 8080 & ${waiting}`;
  await node.create({ containers: [shell(heard, { readinessProbe })] }, { name: 'heard' });
  t.equal(restarts(await node.ready('heard')), 0);
  await end('heard');
});

/** grpc.health.v1.Health, which says of every service but one what it is told to. */
async function healthServer(status: { now: number }): Promise<Http2Server> {
  const server = createServer((request, response) => {
    let body = Buffer.alloc(0);
    request.on('data', (part: Buffer) => (body = Buffer.concat([body, part])));
    request.once('end', () => {
      const isKnown = body.subarray(5).includes('shop');
      response.writeHead(200, { 'content-type': 'application/grpc' });
      response.addTrailers({ 'grpc-status': isKnown ? '0' : '5' });
      // Length 2, field 1, the status.
      response.end(isKnown ? Buffer.from([0, 0, 0, 0, 2, 8, status.now]) : '');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

t.test('a gRPC probe asks for the health of a service', async (t) => {
  const status = { now: 1 };
  const server = await healthServer(status);
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const create = async (name: string, service: string) => {
    const readinessProbe = { grpc: { port, service }, periodSeconds: 1, failureThreshold: 1 };
    // On the node's network the test's own server is the pod's.
    const spec = { hostNetwork: true, containers: [shell(waiting, { readinessProbe })] };
    await node.create(spec, { name });
  };
  await create('healthy', 'shop');
  await node.ready('healthy');
  status.now = 2;
  await node.until('healthy', (pod) => !isTrue(pod, 'Ready'));
  const words = /^Unhealthy Readiness probe failed: service unhealthy \(.*"NOT_SERVING"\)/;
  await node.told('healthy', words);
  status.now = 1;
  await node.ready('healthy');
  await create('unknown', 'nothing');
  await node.told('unknown', /^Unhealthy Readiness probe failed: .*code = 5 /);
  await end('healthy', 'unknown');
});

t.test('logs are put aside and compressed, and the oldest goes', async (t) => {
  const script = `while :; do printf '%0200d\\n' 0; usleep 3000; done`;
  await node.create({ containers: [shell(script)] }, { name: 'chatty' });
  const pod = await node.ready('chatty');
  const folder = `${node.folder}/logs/pods/default_chatty_${pod?.metadata.uid ?? ''}/main`;
  const look = () => readdirSync(folder);
  const first = await until(look, (names) => names.some((name) => name.endsWith('.gz')));
  const compressed = first.find((name) => name.endsWith('.gz')) ?? '';
  await until(look, (names) => names.length > 1 && !names.includes(compressed));
  // Between its renaming and the runtime's opening it anew there is none for a moment.
  await until(look, (names) => names.length <= 3 && names.includes('0.log'));
  t.equal(restarts(await node.pod('chatty')), 0);
  await end('chatty');
});

t.test('what the node was told to have is kept, counted and used up', async (t) => {
  const name = 'example.com/dongle';
  const { process: server } = node.coordinator;
  const patch = [{ op: 'add', path: '/status/capacity/example.com~1dongle', value: '1' }];
  const line = `PATCH /api/v1/nodes/${node.name}/status`;
  const type = 'application/json-patch+json';
  const answer = await server.asAdmin(line, JSON.stringify(patch), type);
  t.equal(answer.status, 200, answer.text);
  const allocatable = async () => {
    const { text } = await server.asAdmin(`GET /api/v1/nodes/${node.name}`);
    const { status } = JSON.parse(text) as { status: { allocatable: Record<string, string> } };
    return status.allocatable[name];
  };
  t.equal(await until(allocatable, (amount) => amount === '1'), '1');
  await reconfigure({});
  t.equal(await allocatable(), '1', 'by the kubelet after this one, too');
  const resources = { limits: { [name]: '1' } };
  const spec = { containers: [shell(waiting, { resources })] };
  await node.create(spec, { name: 'first' });
  await node.ready('first');
  await node.create(spec, { name: 'second' });
  const second = await node.until('second', (pod) => pod?.status?.phase === 'Failed');
  t.match(second?.status, { reason: `OutOf${name}` });
  await end('first', 'second');
});

t.test('images that nothing uses make room, those in use stay', async (t) => {
  const content = join(node.folder, 'content');
  mkdirSync(content);
  writeFileSync(join(content, 'file'), Buffer.alloc(100_000, 'x'));
  const archive = join(node.folder, 'content.tar');
  execFileSync('tar', ['-cf', archive, '-C', content, '.']);
  t.match(await node.runtime.run('import', archive, 'unused'), { code: 0 });
  rmSync(content, { recursive: true });
  await node.create({ containers: [shell(waiting)] }, { name: 'user' });
  await node.ready('user');
  const names = async () => (await node.runtime.run('images')).stdout;
  t.match(await names(), 'unused');
  const thresholds = { imageGCHighThresholdPercent: 1, imageGCLowThresholdPercent: 0 };
  await reconfigure({ ...thresholds, imageMinimumGCAge: '0s' });
  const left = await until(names, (text) => !text.includes('unused'));
  t.match(left, 'busybox');
  t.equal(restarts(await node.pod('user')), 0);
});

t.test('short of memory the node ends pods: those that asked for nothing first', async (t) => {
  const amounts = { cpu: '10m', memory: '256Mi' };
  const resources = { requests: amounts, limits: amounts };
  await node.create({ containers: [shell(waiting, { resources })] }, { name: 'guaranteed' });
  await node.ready('guaranteed');
  await reconfigure({ evictionHard: { 'memory.available': '99.9%' } });
  const user = await node.until('user', (pod) => pod?.status?.phase === 'Failed');
  t.match(user?.status, {
    reason: 'Evicted',
    message: /^The node was low on resource: memory\. Threshold quantity: \S+, available: \S+\. /,
  });
  const other = await node.pod('guaranteed');
  t.ok(
    other?.status?.phase === 'Running' || endedMs(other) >= endedMs(user),
    'the other not before',
  );
  const words = async () => {
    const { text } = await node.coordinator.process.asAdmin(`GET /api/v1/nodes/${node.name}`);
    return text;
  };
  await until(words, (text) => text.includes('KubeletHasInsufficientMemory'));
  await node.create({ containers: [shell(waiting)] }, { name: 'refused' });
  const refused = await node.until('refused', (pod) => pod?.status?.phase === 'Failed');
  t.match(refused?.status, { reason: 'Evicted', message: /\[MemoryPressure\]/ });
  await end('user', 'guaranteed', 'refused');
});

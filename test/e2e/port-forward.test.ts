/** PortForward into a pod with a network of its own, over SPDY, with servers inside it. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { socketIn, SocketType } from '../../src/kernel/inside.ts';
import { openNamespace } from '../../src/kernel/namespace.ts';
import { AddressFamily } from '../../src/kernel/socket-address.ts';
import { dialSpdy } from '../../src/stream/dial-spdy.ts';
import type { SpdyConnection } from '../../src/stream/spdy/connection.ts';
import type { SpdyStream } from '../../src/stream/spdy/stream.ts';
import { CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { descriptorsOf } from './processes.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

// A network without any interface but `lo`, which is all that is reached here.
const folder = t.testdir({ 'net.d': {}, bin: {} });
const result = { cniVersion: '1.0.0', ips: [{ address: '10.88.0.2/24' }] };
const plugin = `#!/bin/sh
cat >/dev/null
[ $CNI_COMMAND != ADD ] || echo '${JSON.stringify(result)}'
`;
writeFileSync(`${folder}/bin/bare`, plugin);
chmodSync(`${folder}/bin/bare`, 0o755);
const network = { cniVersion: '1.0.0', name: 'bare', plugins: [{ type: 'bare' }] };
writeFileSync(`${folder}/net.d/10.conflist`, JSON.stringify(network));
process.env['KEELSON_CNI_CONFIG'] = `${folder}/net.d`;
process.env['KEELSON_CNI_PLUGINS'] = `${folder}/bin`;

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());
mkdirSync(`${runtime.folder}/logs`);

function configOf(name: string, mode: string): object {
  const metadata = { name, uid: 'u', namespace: 'n', attempt: 0 };
  const linux = { security_context: { namespace_options: { network: mode } } };
  return { metadata, log_directory: `${runtime.folder}/logs`, linux };
}

const pod = await cri.pod(configOf('own', 'POD'));
const hostPod = await cri.pod(configOf('host', 'NODE'));

async function networkOf(id: string): Promise<string> {
  const { info } = await cri.call('PodSandboxStatus', { pod_sandbox_id: id, verbose: true });
  const { namespaces } = JSON.parse(info.info) as { namespaces?: { network?: string } };
  return namespaces?.network ?? `/run/netns/keelson-${id}`;
}

const open = new Set<Socket>();

/** A server inside the pod that answers with what it got, after its end, and its own name. */
async function serveIn(id: string, host: string, port: number): Promise<Server> {
  using namespace = openNamespace(await networkOf(id), 'net');
  const family = host.includes(':') ? AddressFamily.inet6 : AddressFamily.inet;
  const local = { host, port };
  const options = { family, type: SocketType.stream, local, backlog: 128 };
  const listener = await socketIn(namespace, options);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    buffer(socket).then((got) => socket.end(Buffer.concat([got, Buffer.from(host)])), ignore);
  });
  await new Promise<void>((resolve) => server.listen({ fd: listener.release() }, resolve));
  t.teardown(() => server.close());
  return server;
}

function ignore(): void {
  // The test looks at what arrives.
}

async function connectTo(id: string): Promise<SpdyConnection> {
  const { url } = await cri.call('PortForward', { pod_sandbox_id: id });
  return (await dialSpdy({ url, protocols: ['portforward.k8s.io'] })).connection;
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let requests = 0;

async function dial(
  connection: SpdyConnection,
  port: number,
): Promise<{ data: SpdyStream; error: SpdyStream }> {
  const requestid = String(++requests);
  const stream = (streamtype: string): Promise<SpdyStream> =>
    connection.open(new Map(Object.entries({ streamtype, port: String(port), requestid })));
  return { error: await stream('error'), data: await stream('data') };
}

async function ask(connection: SpdyConnection, port: number, question: string): Promise<string> {
  const { data } = await dial(connection, port);
  data.end(question);
  return text(data);
}

t.test("a pod's loopback is reached by IPv4 and, where nothing is there, IPv6", async (t) => {
  await serveIn(pod, '127.0.0.1', 8080);
  await serveIn(pod, '::1', 8086);
  const connection = await connectTo(pod);
  t.equal(await ask(connection, 8080, 'four '), 'four 127.0.0.1');
  t.equal(await ask(connection, 8086, 'six '), 'six ::1');
  connection.destroy();
});

t.test("the pod's ports are not the host's, nor the other way round", async (t) => {
  const hostServer = createServer((socket) => socket.end('host'));
  await new Promise<void>((resolve) => hostServer.listen(0, '127.0.0.1', resolve));
  t.teardown(() => hostServer.close());
  const { port } = hostServer.address() as { port: number };
  const [own, host] = [await connectTo(pod), await connectTo(hostPod)];
  t.equal(await ask(host, port, ''), 'host');
  const { data, error } = await dial(own, port);
  data.resume();
  t.match(await text(error), new RegExp(`^error forwarding port ${port} to pod ${pod}, uid : `));
  own.destroy();
  host.destroy();
});

t.test('a refused port says why in the words of kubelets', async (t) => {
  const connection = await connectTo(pod);
  const { data, error } = await dial(connection, 9999);
  data.resume();
  const said = await text(error);
  t.match(said, /failed to connect to localhost:9999/);
  t.match(said, /127.0.0.1 port 9999: connection refused.*::1 port 9999: connection refused/);
  t.ok(await until(() => data.destroyed), 'and the stream is reset');
  connection.destroy();
});

t.test('a hundred connections at once do not mix', async (t) => {
  const connection = await connectTo(pod);
  const work = Array.from({ length: 100 }, async (_, index) => {
    const { data } = await dial(connection, 8080);
    data.end(Buffer.alloc(100_000, index));
    const got = await buffer(data);
    t.ok(got.subarray(0, 100_000).equals(Buffer.alloc(100_000, index)), `${index}`);
  });
  await Promise.all(work);
  connection.destroy();
});

t.test('a client that vanishes leaves no connection and no descriptor', async (t) => {
  await until(() => open.size === 0);
  const before = descriptorsOf(runtime.pid);
  const connection = await connectTo(pod);
  await Promise.all(Array.from({ length: 50 }, async () => dial(connection, 8080)));
  t.ok(await until(() => open.size === 50));
  connection.destroy();
  t.ok(await until(() => open.size === 0), 'the servers see the end');
  t.ok(await until(() => descriptorsOf(runtime.pid) <= before));
});

const waits = (): number => [...open][0]?.writableLength ?? 0;

t.test('who does not read holds back the server, not the runtime', async (t) => {
  const connection = await connectTo(pod);
  const { data } = await dial(connection, 8080);
  data.end(Buffer.alloc(32 * 1024 * 1024));
  t.ok(await until(() => waits() > 0), 'the answer is on its way');
  let before = -1;
  for (let wait = 0; wait < 60 && waits() !== before; wait += 1) {
    before = waits();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  t.equal(waits(), before, 'it stands still');
  t.ok(before > 8 * 1024 * 1024, `${before} bytes wait at their source`);
  connection.destroy();
});

t.test('keelson port-forward carries local connections until it is told to stop', async (t) => {
  const args = ['--', main, '--socket', runtime.socket, 'port-forward', pod, ':8080', ':9999'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, wrong] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (wrong += chunk.toString()));
  const local = (remote: number): number =>
    Number(new RegExp(`^Forwarding from 127.0.0.1:(\\d+) -> ${remote}$`, 'm').exec(said)?.[1]);
  t.ok(await until(() => local(9999) > 0), said);
  for (const word of ['one ', 'two ']) {
    const socket = connect({ port: local(8080), host: '127.0.0.1', allowHalfOpen: true });
    socket.end(word);
    t.equal(await text(socket), `${word}127.0.0.1`);
  }
  t.equal(await text(connect(local(9999), '127.0.0.1')), '', 'nothing is there');
  t.ok(await until(() => wrong.includes('connection refused')));
  t.match(wrong, /^keelson: port 9999: error forwarding port 9999 to pod /);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  t.equal(await ended, 0);
  for (const port of ['x', '0', '70000', '1:2:3']) {
    const { code, stderr } = await runtime.run('port-forward', pod, port);
    t.not(code, 0);
    t.match(stderr, /is not \[LOCAL:\]REMOTE/);
  }
  t.match(await runtime.run('port-forward', 'none', '80'), { stderr: /none/ });
});

t.test('pods that are stopped, ports that are none', async (t) => {
  const call = async (more: object): Promise<unknown> =>
    cri.call('PortForward', { pod_sandbox_id: pod, ...more });
  await t.rejects(call({ port: [0] }), { code: 3 });
  await t.rejects(call({ port: Array.from({ length: 65 }, () => 80) }), { code: 3 });
  await t.rejects(call({ pod_sandbox_id: 'none' }), { code: 5 });
  const connection = await connectTo(pod);
  for (const id of [pod, hostPod]) await cri.call('StopPodSandbox', { pod_sandbox_id: id });
  await t.rejects(call({}), { code: 9, message: /not ready/ });
  const { data, error } = await dial(connection, 8080);
  data.resume();
  t.match(await text(error), /error forwarding port 8080/, 'a client that was there before');
  connection.destroy();
  for (const id of [pod, hostPod]) await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
  t.same(await runtime.leftovers(), []);
});

import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { Socket, createServer } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import {
  AddressFamily,
  SocketType,
  createNamespace,
  openNamespaceOf,
  pinNewNetwork,
  openNamespace,
  readFileIn,
  socketIn,
  unpinNamespace,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { scratch } from '../scratch.ts';
import { withoutRoot, withoutUserNamespaces } from '../skip.ts';

const tcp = { family: AddressFamily.inet, type: SocketType.stream };

t.test('server and client meet inside a namespace', { skip: withoutRoot }, async (t) => {
  const path = `${scratch(t).path}/net`;
  await pinNewNetwork(path);
  t.teardown(() => unpinNamespace(path));
  execFileSync('nsenter', [`--net=${path}`, 'ip', 'link', 'set', 'lo', 'up']);
  using network = openNamespace(path, 'net');
  const address = { host: '127.0.0.1', port: 7070 };
  const listening = await socketIn(network, { ...tcp, local: address, backlog: 8 });
  const server = createServer((socket) => socket.end('hello from inside'));
  server.listen({ fd: listening.release() });
  await once(server, 'listening');
  const connected = await socketIn(network, { ...tcp, remote: address });
  const client = new Socket({ fd: connected.release() });
  let text = '';
  client.setEncoding('utf8').on('data', (data: string) => (text += data));
  await once(client, 'end');
  t.equal(text, 'hello from inside');
  client.destroy();
  server.close();
  await t.rejects(
    (async () => {
      using own = openNamespaceOf(process.pid, 'net');
      (await socketIn(own, { ...tcp, remote: address })).close();
    })(),
    { call: 'connect', code: 'ECONNREFUSED' },
    'in our own namespace nobody listens',
  );
});

t.test(
  'a new namespace has no route, and errors are promises',
  { skip: withoutRoot },
  async (t) => {
    using network = await createNamespace('net');
    const remote = { host: '192.0.2.1', port: 1 };
    await t.rejects(socketIn(network, { ...tcp, remote }), {
      call: 'connect',
      code: 'ENETUNREACH',
    });
    await t.rejects(socketIn(network, { family: 999, type: 1 }), {
      call: 'socket',
      code: 'EAFNOSUPPORT',
    });
    using uts = await createNamespace('uts');
    await t.rejects(socketIn(uts, tcp), { call: 'setns', code: 'EINVAL' });
  },
);

t.test('a connect that nobody answers ends in time', { skip: withoutRoot }, async (t) => {
  const path = `${scratch(t).path}/net`;
  await pinNewNetwork(path);
  t.teardown(() => unpinNamespace(path));
  execFileSync('nsenter', [`--net=${path}`, 'ip', 'link', 'set', 'lo', 'up']);
  using network = openNamespace(path);
  const remote = { host: '127.0.0.1', port: 7070 };
  using server = await socketIn(network, { ...tcp, local: remote, backlog: 0 });
  t.ok(server.fd > 2);
  // Nobody accepts: when the queue is full, the kernel drops what comes, as a dead host would.
  let failure: unknown;
  for (let i = 0; i < 5 && failure === undefined; i++) {
    const start = Date.now();
    failure = await failureOf(async () => {
      const client = await socketIn(network, { ...tcp, remote, timeoutMs: 200 });
      t.teardown(() => client.close());
    });
    t.ok(Date.now() - start < 20_000);
  }
  t.match(failure, { call: 'connect', code: 'ETIMEDOUT' });
});

t.test(
  'a file is read as another mount namespace sees it',
  { skip: withoutUserNamespaces() },
  async (t) => {
    const { path } = scratch(t);
    writeFileSync(`${path}/file`, 'outside');
    const script = [
      `mount -t tmpfs none ${path}`,
      `echo inside > ${path}/file`,
      `mkfifo ${path}/fifo`,
      'echo ready',
      'exec sleep 60',
    ].join(' && ');
    const child = spawn('unshare', ['--mount', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    using mounts = openNamespaceOf(child.pid ?? 0, 'mnt');
    const before = readlinkSync('/proc/self/ns/mnt');
    t.equal((await readFileIn(mounts, `${path}/file`)).toString(), 'inside\n');
    t.equal(readFileSync(`${path}/file`, 'utf8'), 'outside');
    t.equal(readlinkSync('/proc/thread-self/ns/mnt'), before);
    await t.rejects(readFileIn(mounts, `${path}/fifo`), { message: /no regular file/ });
    await t.rejects(readFileIn(mounts, `${path}/file`, 3), { message: /is 7 bytes long/ });
    await t.rejects(readFileIn(mounts, '/proc/self/root/etc/passwd'), { code: 'ELOOP' });
  },
);

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  readdirSync,
  readSync,
  readlinkSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import {
  AddressFamily,
  FileType,
  OpenFlag,
  SocketType,
  Terminal,
  currentFolder,
  mknodat,
  openNamespaceOf,
  openat2,
  readable,
  socketIn,
  writable,
  type Namespace,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { scratch } from '../scratch.ts';

/** The two ends of a fifo: neither blocks. */
function fifo(t: Parameters<typeof scratch>[0]): { reading: number; writing: number } {
  const { path, fd } = scratch(t);
  mknodat(fd, 'fifo', { mode: FileType.fifo | 0o600 });
  const flags = OpenFlag.readWrite | OpenFlag.nonBlocking;
  const reading = openat2(currentFolder, `${path}/fifo`, { flags }).release();
  const writing = openSync(`${path}/fifo`, 'w');
  t.teardown(() => {
    closeSync(reading);
    closeSync(writing);
  });
  return { reading, writing };
}

function ownNetwork(t: { teardown(undo: () => void): void }): Namespace {
  const network = openNamespaceOf(process.pid, 'net');
  t.teardown(() => network.close());
  return network;
}

/** The port that the kernel chose for a listening socket of ours. */
function portOf(fd: number): number {
  const inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[0] ?? '';
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .find((each) => each.includes(` ${inode} `));
  return Number.parseInt(/:([0-9A-F]{4}) /.exec(line ?? '')?.[1] ?? '', 16);
}

t.test('data makes a descriptor readable, once each', async (t) => {
  const { reading, writing } = fifo(t);
  let ready = 0;
  const wait = readable(reading, { timeoutMs: 10_000 }).then(() => ready++);
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.equal(ready, 0);
  writeSync(writing, 'x');
  await wait;
  await readable(reading, { timeoutMs: 10_000 });
  readSync(reading, Buffer.alloc(1));
  t.match(await failureOf(() => readable(reading, { timeoutMs: 30 })), { kind: 'timeout' });
});

t.test('two waits on one descriptor both end', async (t) => {
  const { reading, writing } = fifo(t);
  const waits = [1, 2].map(() => readable(reading, { timeoutMs: 10_000 }));
  writeSync(writing, 'x');
  await Promise.all(waits);
  t.pass('both');
});

t.test('a full pipe is not writable, an empty one is', async (t) => {
  const { reading } = fifo(t);
  await writable(reading, { timeoutMs: 1000 });
  const block = Buffer.alloc(65_536);
  writeSync(reading, block);
  t.match(await failureOf(() => writable(reading, { timeoutMs: 30 })), { kind: 'timeout' });
});

t.test('an abort ends the wait with its reason', async (t) => {
  const { reading } = fifo(t);
  const controller = new AbortController();
  const wait = failureOf(() => readable(reading, { signal: controller.signal }));
  controller.abort(new Error('enough'));
  t.match(await wait, { message: 'enough' });
  t.match(await failureOf(() => readable(reading, { signal: controller.signal })), {
    message: 'enough',
  });
});

t.test('the descriptor may be closed during the wait', async (t) => {
  const terminal = Terminal.open();
  const wait = failureOf(() => readable(terminal.control.fd, { timeoutMs: 50 }));
  terminal.control.close();
  t.match(await wait, { kind: 'timeout' });
});

t.test('what cannot be waited for says so', async (t) => {
  const file = openSync(import.meta.filename, 'r');
  t.match(await failureOf(() => readable(file, { timeoutMs: 10 })), { code: 'EPERM' });
  closeSync(file);
  t.match(await failureOf(() => readable(1_000_000, { timeoutMs: 10 })), { code: 'EBADF' });
});

t.test('a listening socket is readable when a client comes', async (t) => {
  const server = await socketIn(ownNetwork(t), {
    family: AddressFamily.inet,
    type: SocketType.stream,
    local: { host: '127.0.0.1', port: 0 },
    backlog: 1,
  });
  t.teardown(() => server.close());
  t.match(await failureOf(() => readable(server.fd, { timeoutMs: 20 })), { kind: 'timeout' });
  const client = connect(portOf(server.fd), '127.0.0.1');
  await readable(server.fd, { timeoutMs: 10_000 });
  client.destroy();
});

t.test('1,000 waits leave no descriptor', async (t) => {
  const { reading } = fifo(t);
  await readable(reading, { timeoutMs: 0 }).catch(() => undefined);
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 1000; i++) await readable(reading, { timeoutMs: 0 }).catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(readdirSync('/proc/self/fd').length, before);
});

t.test('a worker, and a process, may end while they wait', async (t) => {
  const index = new URL('../../../src/index.ts', import.meta.url).href;
  const script = `import(${JSON.stringify(index)}).then((k) => {
    k.readable(k.Terminal.open().control.fd, { timeoutMs: 60000 }).catch(() => {});
    const port = require('node:worker_threads').parentPort;
    port ? port.postMessage('waiting') : setTimeout(() => process.exit(7), 50);
  })`;
  const worker = new Worker(script, { eval: true });
  await once(worker, 'message');
  t.equal(await worker.terminate(), 1);
  const { status, signal } = spawnSync(process.execPath, ['-e', script]);
  t.same([status, signal], [7, null]);
});

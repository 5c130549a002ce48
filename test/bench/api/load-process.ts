import type { TLSSocket } from 'node:tls';
import { quantile } from '../quantile.ts';
import { Connection } from './connection.ts';
import type { LoadRequest, LoadResult } from './load.ts';
import { type Credentials, dial, DrainedWatcher } from './watcher.ts';

const server = JSON.parse(process.env['LOAD'] ?? '{}') as Credentials;
const folder = '/api/v1/namespaces/default/configmaps';
const data = { text: 'v'.repeat(1000) };
const changesPerSecond = 100;
const writerCount = 16;
/** Of so many watchers one is measured, the others are drained. */
const watchersPerMeasured = 10;
let made = 0;

process.on('message', (request: LoadRequest) => {
  const work = request.what === 'watch' ? watch(request) : load(request);
  work.then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});

async function load({ what, seconds, clients }: LoadRequest): Promise<LoadResult> {
  const connections = await Promise.all(Array.from({ length: clients }, open));
  if (what === 'get') await connections[0]?.request('POST', folder, named('one'));
  const times: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const client = async (connection: Connection): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < endMs;) {
      const status =
        what === 'get'
          ? await connection.request('GET', `${folder}/one`)
          : await connection.request('POST', folder, named(`m${process.pid}-${(made += 1)}`));
      if (status >= 300) throw new Error(`status ${status}`);
      const afterMs = performance.now();
      times.push(afterMs - nowMs);
      nowMs = afterMs;
    }
  };
  await Promise.all(connections.map(client));
  const perSecond = times.length / ((performance.now() - startMs) / 1000);
  for (const connection of connections) connection.end();
  return { perSecond, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

function named(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

/**
 * Each change carries when it was sent; every tenth watcher notes when it came. The clients are on
 * the server's machine, and to decrypt and read 100,000 changes a second takes all of a core: what
 * was measured then was the client.
 */
async function watch({ seconds, clients }: LoadRequest): Promise<LoadResult> {
  const path = '/api/v1/namespaces/kube-public/configmaps';
  const watched = `${path}?watch=true&resourceVersion=${await revisionOf(path)}`;
  const measured: MeasuredWatcher[] = [];
  const drained: DrainedWatcher[] = [];
  for (let count = 0; count < clients; count += 1) {
    if (count % watchersPerMeasured === 0) measured.push(await MeasuredWatcher.start(watched));
    else drained.push(await DrainedWatcher.start(server, watched));
  }
  // After the watchers: the server ends connections on which nothing is asked for seconds.
  const changes = seconds * changesPerSecond;
  const perSecond = await change(path, changes);
  const end = performance.now() + 30_000;
  while (!measured.every(({ delays }) => delays.length >= changes) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const delays = measured.flatMap((one) => one.delays);
  const leastBytes = Math.min(...measured.map(({ bytes }) => bytes));
  for (const watcher of [...measured, ...drained]) watcher.end();
  if (delays.length < measured.length * changes) {
    throw new Error(`${delays.length} of ${measured.length * changes} changes were seen`);
  }
  // What is encrypted is longer than what it says.
  const behind = drained.filter(({ bytes }) => bytes < leastBytes).length;
  if (behind > 0) throw new Error(`${behind} watchers did not have all that the others had`);
  return { perSecond, p50Ms: quantile(delays, 0.5), p99Ms: quantile(delays, 0.99) };
}

async function revisionOf(path: string): Promise<string> {
  const reader = await open();
  await reader.request('GET', `${path}?limit=1`);
  reader.end();
  return /"resourceVersion":"(\d+)"/.exec(reader.answer)?.[1] ?? '';
}

/** Makes changes at an even pace; returns how many a second it came to. */
async function change(path: string, changes: number): Promise<number> {
  const writers = await Promise.all(Array.from({ length: writerCount }, open));
  const startMs = performance.now();
  // Several take turns: a slow answer does not slow the changes down.
  const write = async (writer: Connection, first: number): Promise<void> => {
    for (let at = first; at < changes; at += writerCount) {
      const earlyMs = startMs + (at * 1000) / changesPerSecond - performance.now();
      if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs));
      const metadata = { name: `w${process.pid}-${(made += 1)}` };
      const body = { metadata, data: { sentMs: performance.now().toFixed(3) } };
      await writer.request('POST', path, JSON.stringify(body));
    }
  };
  await Promise.all(writers.map(write));
  for (const writer of writers) writer.end();
  return changes / ((performance.now() - startMs) / 1000);
}

/** A watcher that reads all it is told. */
class MeasuredWatcher {
  readonly delays: number[] = [];
  bytes = 0;
  readonly #socket: TLSSocket;
  #rest = '';

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
  }

  static async start(path: string): Promise<MeasuredWatcher> {
    const watcher = new MeasuredWatcher(await dial(server));
    watcher.#socket.write(`GET ${path} HTTP/1.1\r\nHost: api\r\n\r\n`);
    await new Promise((resolve) => watcher.#socket.once('data', resolve));
    watcher.#socket.on('data', (part: Buffer) => watcher.#take(part));
    return watcher;
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(part: Buffer): void {
    const nowMs = performance.now();
    this.bytes += part.length;
    const text = this.#rest + part.toString('latin1');
    let taken = 0;
    for (const { 0: whole, 1: sentMs, index } of text.matchAll(/"sentMs":"([\d.]+)"/g)) {
      this.delays.push(nowMs - Number(sentMs));
      taken = index + whole.length;
    }
    this.#rest = text.slice(Math.max(taken, text.length - 40));
  }
}

async function open(): Promise<Connection> {
  return new Connection(await dial(server));
}

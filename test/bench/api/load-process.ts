import { connect, type TLSSocket } from 'node:tls';
import { quantile } from '../quantile.ts';
import { Connection } from './connection.ts';
import type { LoadRequest, LoadResult } from './load.ts';

const { url, authority, certificate, key } = JSON.parse(process.env['LOAD'] ?? '{}') as {
  url: string;
  authority: string;
  certificate: string;
  key: string;
};
const folder = '/api/v1/namespaces/default/configmaps';
const data = { text: 'v'.repeat(1000) };
const changesPerSecond = 100;
const writerCount = 16;
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

/** Each change carries when it was sent; each watcher notes when it came. */
async function watch({ seconds, clients }: LoadRequest): Promise<LoadResult> {
  const path = '/api/v1/namespaces/kube-public/configmaps';
  const reader = await open();
  await reader.request('GET', `${path}?limit=1`);
  const [, revision = ''] = /"resourceVersion":"(\d+)"/.exec(reader.answer) ?? [];
  reader.end();
  const delays: number[] = [];
  const watchers: TLSSocket[] = [];
  for (let count = 0; count < clients; count += 1) {
    const socket = await dial();
    socket.on('data', (part: Buffer) => {
      const nowMs = performance.now();
      let at = part.indexOf('sentMs":"');
      for (; at >= 0; at = part.indexOf('sentMs":"', at + 9)) {
        // A number cut by the end of a part is left out.
        const end = part.indexOf('"', at + 9);
        if (end > 0) delays.push(nowMs - Number(part.toString('latin1', at + 9, end)));
      }
    });
    socket.write(
      `GET ${path}?watch=true&resourceVersion=${revision} HTTP/1.1\r\nHost: api\r\n\r\n`,
    );
    watchers.push(socket);
  }
  // After the watchers: the server ends connections on which nothing is asked for seconds.
  const writers = await Promise.all(Array.from({ length: writerCount }, open));
  const startMs = performance.now();
  const changes = seconds * changesPerSecond;
  // Several take turns: a slow answer does not slow the changes down.
  const write = async (writer: Connection, first: number): Promise<void> => {
    for (let change = first; change < changes; change += writerCount) {
      const earlyMs = startMs + (change * 1000) / changesPerSecond - performance.now();
      if (earlyMs > 0) await new Promise((resolve) => setTimeout(resolve, earlyMs));
      const metadata = { name: `w${process.pid}-${(made += 1)}` };
      const body = { metadata, data: { sentMs: performance.now().toFixed(3) } };
      await writer.request('POST', path, JSON.stringify(body));
    }
  };
  await Promise.all(writers.map(write));
  const sentMs = performance.now();
  while (delays.length < clients * changes * 0.98 && performance.now() < sentMs + 30_000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const socket of watchers) socket.destroy();
  for (const writer of writers) writer.end();
  if (delays.length < clients * changes * 0.98) {
    throw new Error(`${delays.length} of ${clients * changes} changes were seen`);
  }
  const perSecond = changes / ((sentMs - startMs) / 1000);
  return { perSecond, p50Ms: quantile(delays, 0.5), p99Ms: quantile(delays, 0.99) };
}

async function open(): Promise<Connection> {
  return new Connection(await dial());
}

function dial(): Promise<TLSSocket> {
  const { hostname: host, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({
    host,
    port: Number(port),
    ca: authority,
    cert: certificate,
    key,
  });
  socket.setNoDelay(true);
  socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  return promise;
}

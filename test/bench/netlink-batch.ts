import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { netlink } from '../../src/index.ts';
import type { Bench } from './bench.ts';

const destinations = Array.from({ length: 1000 }, (_, i) => `10.1.${i >> 8}.${i & 255}/32`);

/**
 * 1,000 routes added to an empty table of a namespace. The peer's time is taken by a shell around
 * `ip`, so that Node's own slow start of a process does not count.
 */
const bench: Bench = {
  question: '1,000 routes added, against ip -batch',
  async prepare() {
    const name = `keelson-bench-${process.pid}`;
    const folder = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
    const file = join(folder, 'batch');
    writeFileSync(file, destinations.map((to) => `route add ${to} dev eth0\n`).join(''));
    execFileSync('ip', ['netns', 'add', name]);
    const connection = await netlink.open({ namespace: `/run/netns/${name}` });
    const { link } = netlink;
    await link.create(connection, { kind: 'veth', name: 'eth0', up: true, peer: { name: 'p0' } });
    const index = await link.indexOf(connection, 'eth0');
    return {
      cases: [
        {
          case: '',
          unit: 'ms',
          ours: { name: 'keelson', run: async () => [await oursMs(connection, index)] },
          peers: [
            {
              name: 'ip -batch',
              run: async () => {
                const milliseconds = ipMs(name, file);
                await empty(connection, index);
                return [milliseconds];
              },
            },
          ],
          rounds: 20,
        },
      ],
      [Symbol.asyncDispose]: async () => {
        connection.close();
        execFileSync('ip', ['netns', 'delete', name]);
        rmSync(folder, { recursive: true });
        return Promise.resolve();
      },
    };
  },
};

export default bench;

async function oursMs(connection: netlink.Connection, device: number): Promise<number> {
  const start = performance.now();
  const failures = await connection.batch(
    destinations.map((to) => netlink.route.addRequest({ to, device })),
  );
  const milliseconds = performance.now() - start;
  if (failures.length > 0) throw failures[0]?.error ?? new Error('a route was refused');
  await empty(connection, device);
  return milliseconds;
}

function ipMs(name: string, file: string): number {
  const script =
    'a=$EPOCHREALTIME; ip -batch "$0" || exit 1; b=$EPOCHREALTIME; echo $((${b/./}-${a/./}))';
  const args = ['netns', 'exec', name, 'bash', '-c', script, file];
  return Number(execFileSync('ip', args, { encoding: 'utf8' })) / 1000;
}

/** Checks that all were added, and removes them. */
async function empty(connection: netlink.Connection, device: number): Promise<void> {
  const routes = await netlink.route.list(connection, { device: device, protocol: 'boot' });
  if (routes.length !== destinations.length) throw new Error(`${routes.length} routes were added`);
  await connection.batch(routes.map(({ to }) => netlink.route.removeRequest({ to, device })));
}

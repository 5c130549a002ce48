import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { netlink } from '../../src/index.ts';
import type { Bench, BenchCase } from './bench.ts';

const { nftables } = netlink;

const table = { family: 'ip', table: 'services' } as const;
const service = ['ipv4_addr', 'inet_service'] as const;
const map = { ...table, set: 'backends', key: service, data: service };
const count = 30_000;

const elements = Array.from({ length: count }, (_, i) => ({
  key: [`10.96.${i >> 8}.${i & 255}`, 80],
  data: [`10.1.${i >> 8}.${i & 255}`, 8080],
}));
const changedKey = ['10.96.0.7', 80];

/** A map of services as a service load-balancer has it. The peer's time is taken by a shell. */
const bench: Bench = {
  question: 'a map of 30,000 elements loaded, and one element changed, against nft -f',
  async prepare() {
    const name = `keelson-bench-${process.pid}`;
    const folder = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
    execFileSync('ip', ['netns', 'add', name]);
    const namespace = `/run/netns/${name}`;
    const connection = await netlink.open({ namespace, protocol: 'netfilter' });
    return {
      cases: casesIn(connection, (script) => nftMs(name, folder, script)),
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

function casesIn(connection: netlink.Connection, nft: (script: string) => number): BenchCase[] {
  const timed = async (changes: () => netlink.Request[]): Promise<number[]> => {
    const start = performance.now();
    await nftables.commit(connection, changes());
    return [performance.now() - start];
  };
  const emptied = async (samples: number[]): Promise<number[]> => {
    const found = await nftables.listElements(connection, map);
    if (found.length !== count) throw new Error(`${found.length} elements were loaded`);
    await nftables.commit(connection, nftables.destroyTable(table));
    return samples;
  };
  const filled = async (): Promise<void> => {
    await nftables.commit(connection, [nftables.destroyTable(table), ...loading()]);
  };
  let port = 9000;
  return [
    {
      case: 'load',
      unit: 'ms',
      rounds: 7,
      ours: { name: 'keelson', run: async () => emptied(await timed(loading)) },
      peers: [{ name: 'nft -f', run: async () => emptied([nft(loadScript())]) }],
    },
    {
      case: 'change',
      unit: 'ms',
      rounds: 7,
      ours: {
        name: 'keelson',
        run: async () => {
          await filled();
          return timed(() => changing(++port));
        },
      },
      peers: [
        {
          name: 'nft -f',
          run: async () => {
            await filled();
            return [nft(changeScript(8080, ++port))];
          },
        },
      ],
    },
  ];
}

function loading(): netlink.Request[] {
  return [nftables.addTable(table), nftables.addSet(map), ...nftables.addElements(map, elements)];
}

function changing(port: number): netlink.Request[] {
  return [
    ...nftables.deleteElements(map, [{ key: changedKey }]),
    ...nftables.addElements(map, [{ key: changedKey, data: ['10.1.0.7', port] }]),
  ];
}

function loadScript(): string {
  const listed = elements.map(({ key, data }) => `${key.join(' . ')} : ${data.join(' . ')}`);
  return `table ip services {
    map backends {
      type ipv4_addr . inet_service : ipv4_addr . inet_service
      elements = { ${listed.join(',\n')} }
    }
  }\n`;
}

function changeScript(before: number, after: number): string {
  const key = changedKey.join(' . ');
  return `delete element ip services backends { ${key} : 10.1.0.7 . ${before} }
add element ip services backends { ${key} : 10.1.0.7 . ${after} }\n`;
}

function nftMs(name: string, folder: string, script: string): number {
  const file = join(folder, 'script.nft');
  writeFileSync(file, script);
  const timer =
    'a=$EPOCHREALTIME; nft -f "$0" || exit 1; b=$EPOCHREALTIME; echo $((${b/./}-${a/./}))';
  const args = ['netns', 'exec', name, 'bash', '-c', timer, file];
  return Number(execFileSync('ip', args, { encoding: 'utf8' })) / 1000;
}

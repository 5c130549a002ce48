import { findHostInterface, setLimits } from '../../cni-plugins/bandwidth/limit.ts';
import { netlink } from '../../src/index.ts';
import type { BandwidthConfiguration } from '../../cni-plugins/bandwidth/configuration.ts';
import type { Bench, BenchCase, Side } from './bench.ts';
import { measureRate, TestHost } from '../cni/test-host.ts';

const seconds = 5;
const directions = ['ingress', 'egress'] as const;
const rates = { '10 Mbit/s': 10e6, '100 Mbit/s': 100e6, '1 Gbit/s': 1e9 };

/**
 * One TCP stream of iperf3 between a pod and a machine beyond its host, from its first byte on.
 * A limit counts whole Ethernet frames, iperf3 what they carry: of 1,514 bytes 1,448 are TCP's
 * payload (headers of 14, 20 and 20, and timestamps of 12). Rates are given as frames.
 */
const bench: Bench = {
  question: 'the rate that a pod reaches, first second included, against the limit that is set',
  async prepare() {
    const host = new TestHost();
    const connection = await netlink.open({ namespace: host.path('host') });
    return {
      cases: Object.entries(rates).flatMap(([name, rateBits]) =>
        directions.map((direction): BenchCase => ({
          case: `${name} ${direction}`,
          unit: 'Mbit/s',
          rounds: 3,
          ours: {
            name: 'keelson',
            run: async () => {
              await limit(host, connection, { [direction]: { rateBits } });
              return [(await measureRate(host, { direction, seconds })) / 1e6];
            },
          },
          peers: [setting(rateBits)],
        })),
      ),
      [Symbol.asyncDispose]() {
        connection.close();
        host[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  },
};

export default bench;

function setting(rateBits: number): Side {
  return { name: 'the setting', run: async () => Promise.resolve([rateBits / 1e6]) };
}

async function limit(
  host: TestHost,
  connection: netlink.Connection,
  limits: Pick<BandwidthConfiguration, 'ingress' | 'egress'>,
): Promise<void> {
  using pod = await netlink.open({ namespace: host.path('pod') });
  const owner = { networkName: 'bench', containerId: 'bench', interfaceName: 'eth0' };
  const target = { owner, host: await findHostInterface(connection, pod, 'eth0') };
  const wanted = { ...limits, scope: { kind: 'all', prefixes: [] }, latencyMs: 25 } as const;
  await setLimits(connection, target, wanted);
}

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OverlayWorld, type TestNode, type TestPod } from '../kernel/network/overlay-world.ts';
import type { Bench, BenchCase } from './bench.ts';
import { throughputOf } from './network/throughput.ts';

const seconds = 10;
const rates = { '10M': 10e6, '100M': 100e6, '1G': 1e9 };
const attach = fileURLToPath(new URL('network/attach-annotated.ts', import.meta.url));
/** Of a frame of 1,514 bytes 1,448 are TCP's payload: limits count frames, iperf3 the payload. */
const framesOverPayload = 1514 / 1448;

/**
 * A pod with the annotations `kubernetes.io/ingress-bandwidth` and `egress-bandwidth` of one rate,
 * attached as the runtime attaches it to the network that the agent wrote; the other end is a pod
 * of another node. One TCP stream, its first second included.
 */
const bench: Bench = {
  question: 'the rate that an annotated pod reaches, each way, against the annotation',
  async prepare() {
    const world = new OverlayWorld();
    const [one, two] = world.nodes;
    world.writeNodes([one, two]);
    const flags = ['--mode', 'routed', '--cross-subnet', 'no'];
    for (const node of [one, two]) world.agent(node, flags);
    for (const node of [one, two]) await world.attached(node);
    const other = world.pod(two);
    const cases: BenchCase[] = [];
    for (const [rate, rateBits] of Object.entries(rates)) {
      const pod = annotatedPod(world, one, rate);
      await world.reaches(pod, other.ip4);
      for (const direction of ['ingress', 'egress'] as const) {
        const [from, to] = direction === 'ingress' ? [other, pod] : [pod, other];
        cases.push({
          case: `${rate} ${direction}`,
          unit: 'Mbit/s',
          rounds: 2,
          ours: {
            name: 'keelson',
            run: async () => {
              const bits = await throughputOf(world, { from, to, seconds });
              return [(bits * framesOverPayload) / 1e6];
            },
          },
          peers: [{ name: 'the annotation', run: () => Promise.resolve([rateBits / 1e6]) }],
        });
      }
    }
    return { cases, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
  },
};

export default bench;

function annotatedPod(world: OverlayWorld, node: TestNode, rate: string): TestPod {
  const conflist = join(world.folderOf(node), 'net.d', '10-keelson.conflist');
  const annotations = JSON.stringify({
    'kubernetes.io/ingress-bandwidth': rate,
    'kubernetes.io/egress-bandwidth': rate,
  });
  return world.pod(node, (namespace) => {
    const args = ['--disable-warning=ExperimentalWarning', attach, conflist, namespace];
    const host = world.namespaceOf(node);
    return JSON.parse(world.exec(host, process.execPath, ...args, annotations)) as string[];
  });
}

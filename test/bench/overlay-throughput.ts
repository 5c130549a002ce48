import { once } from 'node:events';
import { OverlayWorld, type TestPod } from '../kernel/network/overlay-world.ts';
import type { Bench, Side } from './bench.ts';
import { throughputOf } from './network/throughput.ts';

const seconds = 5;

/** Two nodes of one subnet with a pod each, and agents that run. */
async function openWorld(mode: 'vxlan' | 'routed') {
  const world = new OverlayWorld();
  const [one, two] = world.nodes;
  world.writeNodes([one, two]);
  const agents = [one, two].map((node) => world.agent(node, ['--mode', mode]));
  for (const node of [one, two]) await world.attached(node);
  const [from, to] = [world.pod(one), world.pod(two)];
  await world.reaches(from, to.ip4);
  return { world, agents, from, to };
}

/** The same namespaces, pairs and routes, of which nothing is ours but that we made them. */
async function openPlainWorld() {
  const opened = await openWorld('routed');
  const { world, agents } = opened;
  for (const agent of agents) {
    agent.kill('SIGTERM');
    await once(agent, 'exit');
  }
  for (const node of world.nodes.slice(0, 2)) {
    for (const table of ['keelson_overlay', 'keelson_outgoing']) {
      world.exec(world.namespaceOf(node), 'nft', 'delete', 'table', 'inet', table);
    }
  }
  return opened;
}

interface Opened {
  readonly world: OverlayWorld;
  readonly from: TestPod;
  readonly to: TestPod;
}

function side(name: string, { world, from, to }: Opened): Side {
  return {
    name,
    run: async () => [(await throughputOf(world, { from, to, seconds })) / 1e9],
  };
}

const bench: Bench = {
  question: 'iperf3 from pod to pod of another node, over the same path without an overlay',
  async prepare() {
    const plain = await openPlainWorld();
    const worlds = [plain];
    const cases = [];
    for (const mode of ['vxlan', 'routed'] as const) {
      const opened = await openWorld(mode);
      worlds.push(opened);
      cases.push({
        case: mode,
        unit: 'Gbit/s',
        rounds: 5,
        ours: side('keelson', opened),
        peers: [side('plain routes', plain)],
      });
    }
    return {
      cases,
      async [Symbol.asyncDispose]() {
        for (const { world } of worlds) await world[Symbol.asyncDispose]();
      },
    };
  },
};

export default bench;

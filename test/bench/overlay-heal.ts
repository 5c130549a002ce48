import { createInterface } from 'node:readline';
import { OverlayWorld } from '../kernel/network/overlay-world.ts';
import type { Bench } from './bench.ts';

const deletionsARound = 5;
const observedMs = 1500;

/** `ping -D` prints the time of each answer in seconds: `[1795266004.065123] 64 bytes from ...`. */
const answer = /^\[(\d+\.\d+)\] \d+ bytes from/;

const bench: Bench = {
  question: 'VXLAN device deleted under traffic until the next packet arrives',
  async prepare() {
    const world = new OverlayWorld();
    const [one, two] = world.nodes;
    world.writeNodes([one, two]);
    for (const node of [one, two]) world.agent(node);
    for (const node of [one, two]) await world.attached(node);
    const [from, to] = [world.pod(one), world.pod(two)];
    await world.reaches(from, to.ip4);
    const traffic = world.spawn(from.namespace, 'ping', '-n', '-D', '-i', '0.005', to.ip4);
    if (traffic.stdout === null) throw new Error('no standard output');
    const lines = createInterface({ input: traffic.stdout })[Symbol.asyncIterator]();
    const nextAfter = async (timeMs: number): Promise<number> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error('ping has ended');
        const atMs = Number(answer.exec(value)?.[1]) * 1000;
        if (atMs > timeMs) return atMs;
      }
    };
    /** Answers go on until the device is gone: the silence after that is the longest one. */
    const heal = async (): Promise<number> => {
      let last = await nextAfter(Date.now());
      const deleted = Date.now();
      world.ip(one, 'link', 'delete', 'keelson.vx');
      let longest = { gap: 0, end: 0 };
      while (last < deleted + observedMs) {
        const end = await nextAfter(last);
        if (end - last > longest.gap) longest = { gap: end - last, end };
        last = end;
      }
      return longest.end - deleted;
    };
    return {
      cases: [
        {
          case: '',
          unit: 'ms',
          rounds: 4,
          ours: {
            name: 'keelson',
            async run() {
              const samples: number[] = [];
              for (let index = 0; index < deletionsARound; index++) samples.push(await heal());
              return samples;
            },
          },
          peers: [],
        },
      ],
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  },
};

export default bench;

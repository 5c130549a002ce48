import { createRtNetlink } from 'netlink';
import { netlink } from '../../src/index.ts';
import type { Bench, Side } from './bench.ts';

const operations = 2000;

/** One link read from the kernel, one after the other: the loopback of the process's namespace. */
const bench: Bench = {
  question: 'one link read from the kernel, sequential, against npm netlink',
  async prepare() {
    const connection = await netlink.open();
    const peer = createRtNetlink();
    const ours = async (): Promise<unknown> => netlink.link.get(connection, 'lo');
    const theirs = async (): Promise<unknown> => peer.getLink({ index: 1 });
    return {
      cases: [
        {
          case: '',
          unit: 'µs',
          ours: side('keelson', ours),
          peers: [side('npm netlink', theirs)],
          rounds: 5,
        },
      ],
      [Symbol.asyncDispose]: async () => {
        connection.close();
        peer.socket.close();
        return Promise.resolve();
      },
    };
  },
};

export default bench;

function side(name: string, operation: () => Promise<unknown>): Side {
  return {
    name,
    async run() {
      const samples: number[] = [];
      for (let i = 0; i < operations; i++) {
        const start = performance.now();
        await operation();
        samples.push((performance.now() - start) * 1000);
      }
      return samples;
    },
  };
}

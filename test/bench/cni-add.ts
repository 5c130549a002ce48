import type { Bench } from './bench.ts';
import { configureBridge, peerName } from './cni/bridge-network.ts';
import { CniRig, type Side } from './cni/rig.ts';

const calls = 20;

/** The binary is executed as a runtime does it, by the same small program in both cases. */
const bench: Bench = {
  question: 'ADD of bridge with host-local and masquerade',
  async prepare() {
    const rig = new CniRig(calls);
    configureBridge(rig);
    await rig.startRuntime();
    const run = (side: Side) => async () => Promise.resolve(adds(rig, side));
    return {
      cases: [
        {
          case: '',
          unit: 'ms',
          ours: { name: 'keelson', run: run('ours') },
          peers: [{ name: peerName, run: run('reference') }],
          rounds: 5,
        },
      ],
      [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
    };
  },
};

export default bench;

function adds(rig: CniRig, side: Side): readonly number[] {
  const times = rig.call(side, { type: 'bridge', verbs: ['ADD'], count: calls }).each('ADD');
  rig.call(side, { type: 'bridge', verbs: ['DEL'], count: calls });
  return times;
}

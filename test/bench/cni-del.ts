import type { Bench, BenchCase } from './bench.ts';
import { configureBridge, peerName } from './cni/bridge-network.ts';
import { CniRig, type Side } from './cni/rig.ts';

const pods = 50;
const aloneCalls = 5;

const bench: Bench = {
  question: 'DEL of bridge with host-local and masquerade: one pod, and 50 at once, per pod',
  async prepare() {
    const rig = new CniRig(pods);
    configureBridge(rig);
    await rig.startRuntime();
    const alone = (side: Side) => async () => Promise.resolve(deleteAlone(rig, side));
    const together = (side: Side) => async () => Promise.resolve(deleteTogether(rig, side));
    return {
      cases: [caseOf('alone', alone), caseOf('50', together)],
      [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
    };
  },
};

export default bench;

function caseOf(name: string, run: (side: Side) => () => Promise<readonly number[]>): BenchCase {
  return {
    case: name,
    unit: 'ms',
    ours: { name: 'keelson', run: run('ours') },
    peers: [{ name: peerName, run: run('reference') }],
    rounds: 5,
  };
}

function deleteAlone(rig: CniRig, side: Side): readonly number[] {
  return rig.call(side, { type: 'bridge', verbs: ['ADD', 'DEL'], count: aloneCalls }).each('DEL');
}

function deleteTogether(rig: CniRig, side: Side): readonly number[] {
  const many = { type: 'bridge', count: pods };
  rig.call(side, { ...many, verbs: ['ADD'] });
  return [rig.call(side, { ...many, verbs: ['DEL'], concurrency: pods }).all / pods];
}

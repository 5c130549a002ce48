import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { peerName } from './cni/bridge-network.ts';
import { CniRig, type Side } from './cni/rig.ts';

const taken = 20_000;
const calls = 10;

/** host-local's own binary, with 20,000 addresses of a /16 given to others. */
const bench: Bench = {
  question: 'ADD of host-local with 20,000 leases taken',
  async prepare() {
    const rig = new CniRig(0);
    for (const side of ['ours', 'reference'] as const) takeLeases(rig, side);
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

function takeLeases(rig: CniRig, side: Side): void {
  const ipam = {
    type: 'host-local',
    dataDir: rig.leases(side),
    ranges: [[{ subnet: '10.203.0.0/16' }]],
  };
  rig.configure(side, { cniVersion: '1.0.0', name: 'bench', ipam });
  const folder = join(rig.leases(side), 'bench');
  mkdirSync(folder, { recursive: true });
  for (let index = 2; index < taken + 2; index++) {
    const address = `10.203.${index >> 8}.${index & 255}`;
    writeFileSync(join(folder, address), `lease${index}\r\neth0`);
  }
  writeFileSync(join(folder, 'last_reserved_ip.0'), `10.203.${taken >> 8}.${taken & 255}`);
}

function adds(rig: CniRig, side: Side): readonly number[] {
  const verbs = ['ADD', 'DEL'] as const;
  return rig.call(side, { type: 'host-local', verbs, count: calls }).each('ADD');
}

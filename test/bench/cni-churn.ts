import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { bridgeOf, configureBridge, peerName } from './cni/bridge-network.ts';
import { CniRig, type Side } from './cni/rig.ts';

const pods = 500;
const concurrency = 8;

/** Leaks end the bench: a time with something left behind is not one. */
const bench: Bench = {
  question: '500 pods added and deleted at concurrency 8: the time of all, with nothing leaked',
  async prepare() {
    const rig = new CniRig(pods);
    configureBridge(rig);
    await rig.startRuntime();
    const run = (side: Side) => async () => Promise.resolve(churn(rig, side));
    return {
      cases: [
        {
          case: '',
          unit: 's',
          ours: { name: 'keelson', run: run('ours') },
          peers: [{ name: peerName, run: run('reference') }],
          rounds: 2,
        },
      ],
      [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
    };
  },
};

export default bench;

function churn(rig: CniRig, side: Side): readonly number[] {
  const calls = { type: 'bridge', verbs: ['ADD', 'DEL'], count: pods, concurrency } as const;
  const milliseconds = rig.call(side, calls).all;
  const left = leaks(rig, side);
  if (left.length > 0) throw new Error(`${side} left ${left.join(' ')}`);
  const rate = (pods / milliseconds) * 1000;
  console.log(`${side}: ${rate.toFixed(0)} ADDs and DELs a second, 0 leaks`);
  return [milliseconds / 1000];
}

/** Ports of the bridge, leases, rules with a pod's name, records. */
function leaks(rig: CniRig, side: Side): readonly string[] {
  // Not in /sys, which shows the interfaces of the namespace that mounted it.
  const ports = rig.inHost(`ip -brief link show master ${bridgeOf(side)}`).split('\n');
  const rules = rig.inHost('nft list ruleset').split('\n');
  const tagged = rules.filter((line) => line.includes(`bench-${side}`) && /pod\d/.test(line));
  const records = side === 'ours' ? filesBelow(rig.records) : [];
  const leases = filesBelow(rig.leases(side)).filter((name) => /^10\.[\d.]+$/.test(name));
  return [...ports.filter(Boolean), ...tagged, ...leases, ...records];
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { withFileTypes: true });
  const inner = names.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return [
    ...names.filter((entry) => entry.isFile()).map((entry) => entry.name),
    ...inner.flatMap((entry) => filesBelow(join(folder, entry.name))),
  ];
}

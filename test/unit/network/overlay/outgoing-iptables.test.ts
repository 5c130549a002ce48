import t from 'tap';
import { iptablesChanges, linesOf } from '../../../../src/network/overlay/outgoing-iptables.ts';
import type { OverlayPlan } from '../../../../src/network/overlay/plan.ts';

const plan: OverlayPlan = {
  device: undefined,
  neighbours: new Map(),
  forwarding: new Map(),
  routes: new Map(),
  ownRanges: ['10.244.1.0/24', 'fd44:0:0:1::/64'],
  peers: [],
  podRanges: ['10.244.1.0/24', '10.244.2.0/24', 'fd44:0:0:1::/64'],
  mtu: 1500,
  problems: [],
};

t.test('pods leave in the address of their node, but not to pods', async (t) => {
  t.same(linesOf(plan, 4).split('\n'), [
    '*nat',
    ':KEELSON-OUTGOING - [0:0]',
    '-A KEELSON-OUTGOING -d 10.244.1.0/24 -j RETURN',
    '-A KEELSON-OUTGOING -d 10.244.2.0/24 -j RETURN',
    '-A KEELSON-OUTGOING -d 224.0.0.0/4 -j RETURN',
    '-A KEELSON-OUTGOING -s 10.244.1.0/24 -j MASQUERADE',
    'COMMIT',
    '',
  ]);
  t.match(linesOf(plan, 6), /-s fd44:0:0:1::\/64 -j MASQUERADE/);
});

t.test('each family that pods have is put on record', async (t) => {
  t.same(
    iptablesChanges(plan).map((change) => change.kind === 'iptables' && change.program),
    ['iptables-legacy', 'ip6tables-legacy'],
  );
  t.equal(iptablesChanges({ ...plan, ownRanges: ['10.244.1.0/24'] }).length, 1);
});

/** `masquerade-here add|undo`: the fallback without nf_tables' NAT, in this process's namespace. */
import {
  iptablesChanges,
  masqueradeByIptables,
} from '../../../src/network/overlay/outgoing-iptables.ts';
import type { OverlayPlan } from '../../../src/network/overlay/plan.ts';
import { undoChange } from '../../../src/network/undo-changes.ts';

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
if (process.argv[2] === 'add') await masqueradeByIptables(plan);
else for (const change of iptablesChanges(plan)) await undoChange(change);

/** Interfaces of kinds that a host's kernel often lacks, on the lab's, which has them all. */
import { existsSync } from 'node:fs';
import t from 'tap';
import { runInside, unable } from './lab.ts';

const skip =
  unable() || (!existsSync('/usr/lib/cni/bridge') && 'needs containernetworking-plugins');
const modules = ['veth', 'bridge', '8021q', 'ipvlan', 'dummy', 'macvlan', 'nf_tables', 'vrf'];

t.test('vlan, ipvlan, dummy, vrf, and VLANs of a bridge', { skip }, async (t) => {
  const files = ['test/lab/inside/cni.ts', 'test/cni/vrf.test.ts'];
  const output = await runInside(t, { files, seconds: 900, modules });
  t.notMatch(output, /the kernel has no vrf/, 'vrf was not skipped');
});

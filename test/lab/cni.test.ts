/** Interfaces of kinds that a host's kernel often lacks, on the lab's, which has them all. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unable } from './lab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const skip =
  unable() || (!existsSync('/usr/lib/cni/bridge') && 'needs containernetworking-plugins');

const modules = ['veth', 'bridge', '8021q', 'ipvlan', 'dummy', 'macvlan', 'nf_tables'];

t.setTimeout(1_800_000);
t.test('vlan, ipvlan, dummy, and VLANs of a bridge', { skip }, async (t) => {
  const script = `
    mkdir -p /tmp/kernel/lib /run/netns
    ln -s /usr/lib/uml/modules /tmp/kernel/lib/modules
    for name in ${modules.join(' ')}; do modprobe -d /tmp/kernel $name || exit; done
    export TAP_TIMEOUT=1500
    timeout 1500 node test/lab/inside/cni.ts >/tmp/out 2>&1 && exit
    cat /tmp/out; exit 1`;
  const command = ['run', '--timeout', '1600', '--', 'bash', '-c', script];
  const { stdout, status } = spawnSync('scripts/lab', command, {
    cwd: project,
    encoding: 'utf8',
  });
  t.equal(status, 0, status === 0 ? 'all pass' : stdout);
});

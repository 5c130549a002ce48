/** The vrf plugin on the lab's machine, whose kernel has VRF. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unable } from './lab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

t.setTimeout(600_000);
t.test('vrf on Linux 6.1', { skip: unable() }, async (t) => {
  const script = `
    mkdir -p /tmp/modules/lib; ln -s /usr/lib/uml/modules /tmp/modules/lib/modules
    for module in veth vrf; do modprobe -d /tmp/modules $module; done
    TAP_TIMEOUT=400 timeout 400 node test/cni/vrf.test.ts`;
  const { status, stdout, stderr } = spawnSync(
    `${project}/scripts/lab`,
    ['run', '--timeout', '500', '--', 'bash', '-c', script],
    { cwd: project, encoding: 'utf8' },
  );
  t.equal(status, 0, `${stdout.slice(-4000)}${stderr.slice(-1000)}`);
  t.notMatch(stdout, /the kernel has no vrf/, 'it was not skipped');
});

/** Lets a program open /dev/null and no other device: node examples/cgroup-devices.ts (as root). */
import { spawnSync } from 'node:child_process';
import { cgroup } from 'keelson';

using hierarchy = cgroup.openHierarchy();
using group = hierarchy.create('/keelson-example/devices');

// The rules of an OCI runtime specification; the last one that speaks of an access decides.
group.applyDevices([
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' },
]);

for (const device of ['/dev/null', '/dev/zero', '/dev/urandom']) {
  const script = 'echo $$ > "$1/cgroup.procs"; exec 3< "$2"';
  const { status } = spawnSync('sh', ['-c', script, 'sh', group.folderPath, device]);
  console.log(`${device}: ${status === 0 ? 'opens' : 'is refused'}`);
}
await hierarchy.remove('/keelson-example');

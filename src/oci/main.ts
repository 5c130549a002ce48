/** The planner of one command, where no runtime is resident: descriptor 3 is the client. */
import { join } from 'node:path';
import { messageOf } from '../base/error.ts';
import { openHierarchy } from '../cgroup/hierarchy.ts';
import { Descriptor } from '../kernel/descriptor.ts';
import { SeccompCache } from '../kernel/seccomp-cache.ts';
import { OciClient } from './client.ts';
import { perform } from './perform.ts';

try {
  using inherited = new Descriptor(3);
  // Programs that this process starts shall not have it.
  const client = new OciClient(inherited.duplicate().release());
  const request = await client.request;
  const { environment } = request;
  const seccomp = new SeccompCache(join(environment['KEELSON_STATE'] ?? '/run/keelson', 'seccomp'));
  await perform(client, request, {
    hierarchy: openHierarchy(),
    missingControllers:
      environment['KEELSON_CGROUP_MISSINGCONTROLLERS'] === 'warn' ? 'warn' : 'refuse',
    compileSeccomp: (profile) => seccomp.compile(profile),
  });
  // What was sent is read when the other end is closed.
  await client.ended;
} catch (error) {
  process.stderr.write(`keelson-oci: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
process.exit();

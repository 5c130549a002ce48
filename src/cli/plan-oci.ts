/** The planner of one command of `keelson oci`, where no runtime is resident. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfigPath } from '../base/config-path.ts';
import { messageOf } from '../base/error.ts';
import { Scopes } from '../cgroup/systemd/scopes.ts';
import { openHierarchy } from '../cgroup/hierarchy.ts';
import { Descriptor } from '../kernel/descriptor.ts';
import { SeccompCache } from '../kernel/seccomp/seccomp-cache.ts';
import { OciClient } from '../oci/client.ts';
import { perform } from '../oci/perform.ts';

/** Where native/oci puts the client's socket. */
const clientDescriptor = 3;

process.umask(0o022);
try {
  using inherited = new Descriptor(clientDescriptor);
  // Programs that this process starts shall not have it.
  const client = new OciClient(inherited.duplicate().release());
  const request = await client.request;
  const { state, missingControllers } = await settings(request.environment);
  const seccomp = new SeccompCache(join(state, 'seccomp'));
  await perform(client, request, {
    hierarchy: openHierarchy(),
    scopes: new Scopes(),
    missingControllers,
    compileSeccomp: (profile) => seccomp.compile(profile),
  });
  // What was sent is read when the other end is closed.
  await client.ended;
} catch (error) {
  process.stderr.write(`keelson-oci: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
process.exit();

/** As the resident runtime's. Without a file there is nothing to load a YAML parser for. */
async function settings(environment: Readonly<Record<string, string>>) {
  const words = Object.keys(environment).filter((name) => name.startsWith('KEELSON_'));
  if (!existsSync(defaultConfigPath) && words.length === 0) {
    return { state: '/run/keelson', missingControllers: 'refuse' } as const;
  }
  const { readConfig } = await import('../base/settings.ts');
  const { parseConfig } = await import('../cri/config.ts');
  return parseConfig(await readConfig(defaultConfigPath, false), environment, {});
}

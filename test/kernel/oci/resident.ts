/** A planner for all clients, in FOLDER/oci.sock: `node resident.ts FOLDER`. Not a test. */
import { Scopes } from '../../../src/cgroup/systemd/scopes.ts';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { SeccompCache } from '../../../src/kernel/seccomp/seccomp-cache.ts';
import { OciService } from '../../../src/oci/service.ts';

const [folder = ''] = process.argv.slice(2);
const seccomp = new SeccompCache();
const context = {
  hierarchy: openHierarchy(),
  scopes: new Scopes(),
  missingControllers: 'warn' as const,
  compileSeccomp: seccomp.compile.bind(seccomp),
};
const service = new OciService(folder, context, { warn: (text: string) => console.error(text) });
process.stdout.write('ready\n');
process.on('SIGTERM', () => void service.close().then(() => process.exit()));

/**
 * A profile of the OCI form, compiled and loaded onto this thread: a call is refused from then on.
 *
 *     $ node test/examples/seccomp.ts
 *     mkdir before: made
 *     mkdir after: EPERM
 *     the default profile opens bpf for CAP_BPF alone: true
 */
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import {
  compileSeccomp,
  defaultSeccomp,
  loadSeccomp,
  setNoNewPrivileges,
} from '../../src/index.ts';

const folder = mkdtempSync('/tmp/keelson-example-');
const filter = await compileSeccomp({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
});

mkdirSync(`${folder}/one`);
console.log('mkdir before: made');
setNoNewPrivileges();
loadSeccomp(filter);
try {
  mkdirSync(`${folder}/two`);
} catch (error) {
  console.log(`mkdir after: ${(error as NodeJS.ErrnoException).code}`);
}
rmdirSync(`${folder}/one`);
rmdirSync(folder);

function opens(capabilities: string[]): boolean {
  return (defaultSeccomp(capabilities).syscalls ?? []).some(({ names }) => names.includes('bpf'));
}
console.log(`the default profile opens bpf for CAP_BPF alone: ${opens(['CAP_BPF']) && !opens([])}`);

/** Limits that bite, in the lab machine: a kernel of its own with pure cgroup v2 (scripts/lab). */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unable } from './lab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const skip = unable();

t.setTimeout(600_000);
for (const name of ['cpu', 'memory', 'pids-and-io', 'examples', 'container']) {
  if (skip === false) spawnInside(name);
  else t.test(`cgroup ${name}`, { skip }, () => {});
}

/** The TAP of the program inside becomes a subtest here. */
function spawnInside(name: string): void {
  const program = ['node', `test/lab/inside/${name}.ts`];
  const command = ['run', '--timeout', '170', '--', ...program];
  t.spawn('scripts/lab', command, { cwd: project, timeout: 180_000 }, `cgroup ${name}`);
}

/** Limits that bite, in the lab machine: a kernel of its own with pure cgroup v2 (scripts/lab). */
import t from 'tap';
import { runInside, unable } from './lab.ts';

const subjects = ['cpu', 'memory', 'pids-and-io', 'examples', 'container'];

t.test('cgroup v2 as a kernel keeps it', { skip: unable() }, async (t) => {
  await runInside(t, { files: subjects.map((name) => `test/lab/inside/${name}.ts`), seconds: 170 });
});

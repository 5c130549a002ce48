import { readFileSync, readdirSync } from 'node:fs';
import t from 'tap';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

function descriptors(pid: number | 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Mounts of the containers' state and root file systems; others' tests come and go beside. */
function mountsOf(folder: string): number {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((line) => line.includes(folder)).length;
}

/** Memory that only this process has, in KiB. */
function privateKib(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string) => Number(new RegExp(`${name}: +(\\d+)`).exec(text)?.[1]);
  return field('Private_Clean') + field('Private_Dirty');
}

t.test('a thousand runs leave no descriptor, memory, mount or process behind', async (t) => {
  await using scratch = new Scratch();
  const runMany = async (count: number) => {
    for (let done = 0; done < count; done += 4) {
      const change = { request: { logPath: scratch.bundle.path('log') } };
      await Promise.all([1, 2, 3, 4].map(() => scratch.run(['true'], change)));
    }
  };
  await runMany(100);
  const shim = await scratch.engine.findPod('pod');
  const before = { own: descriptors('self'), shim: descriptors(shim), kib: privateKib(shim) };
  const mounts = mountsOf(scratch.bundle.folder);
  await runMany(900);
  t.ok(descriptors('self') <= before.own, 'descriptors of the runtime');
  t.equal(descriptors(shim), before.shim, 'descriptors of the shim');
  t.ok(privateKib(shim) <= before.kib + 8, `memory of the shim: ${before.kib} KiB before`);
  t.equal(mountsOf(scratch.bundle.folder), mounts, 'mounts');
  t.same(scratch.engine.list(), []);
});

/** The layers of an image as one file system; on older kernels too (test/lab/kernel.test.ts). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Snapshot } from '../../../src/image/snapshot.ts';
import { withoutUserNamespaces } from '../skip.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

/** The bundle's root as the lowest of many layers, each with a file of its own. */
function snapshotOf(scratch: Scratch, count: number): Snapshot {
  const layers = Array.from({ length: count }, (_, i) => {
    const layer = scratch.bundle.path(`layers/${'a'.repeat(60)}${i}`);
    mkdirSync(join(layer, 'etc'), { recursive: true });
    writeFileSync(join(layer, `etc/layer${i}`), `${i}\n`);
    return layer;
  });
  const upper = scratch.bundle.path('snapshot/upper');
  const work = scratch.bundle.path('snapshot/work');
  for (const folder of [upper, work]) mkdirSync(folder, { recursive: true });
  return { id: 's', layers: [...layers, scratch.bundle.root], upper, work };
}

for (const count of [1, 60, 400]) {
  t.test(`an overlay of ${count} layers is mounted in the container alone`, async (t) => {
    await using scratch = new Scratch();
    const snapshot = snapshotOf(scratch, count);
    const script = `cat /etc/layer0 /etc/layer${count - 1}; echo new > /etc/new`;
    const { out, err } = await scratch.run(['sh', '-c', script], { request: { snapshot } });
    t.equal(err, '');
    t.equal(out, `0\n${count - 1}\n`);
    t.equal(readFileSync(join(snapshot.upper, 'etc/new'), 'utf8'), 'new\n');
    t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), scratch.bundle.name);
  });
}

t.test('the topmost layer wins', async (t) => {
  await using scratch = new Scratch();
  const snapshot = snapshotOf(scratch, 3);
  snapshot.layers.forEach((layer, i) => writeFileSync(join(layer, 'etc/same'), `${i}\n`));
  t.equal((await scratch.run(['cat', '/etc/same'], { request: { snapshot } })).out, '0\n');
});

const skip = withoutUserNamespaces();
t.test('in a user namespace the files of an overlay belong to its root', { skip }, async (t) => {
  await using scratch = new Scratch();
  const snapshot = snapshotOf(scratch, 2);
  const map = [{ containerID: 0, hostID: 500_000, size: 65_536 }];
  const kinds = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user'] as const;
  const { out, err } = await scratch.run(['sh', '-c', 'touch /new; ls -ln /new /bin/busybox'], {
    request: { snapshot },
    linux: { namespaces: kinds.map((type) => ({ type })), uidMappings: map, gidMappings: map },
  });
  t.equal(err, '');
  for (const line of out.trim().split('\n')) t.match(line, /^\S+ +1 0 +0 /);
});

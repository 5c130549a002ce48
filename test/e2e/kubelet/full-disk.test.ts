/** Pods of a node whose disks run full: the runtime's, and the kubelet's own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { until } from '../../until.ts';
import { FaultyNode } from './faulty-node.ts';
import { shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const disk = mkdtempSync('/var/tmp/keelson-disk-');
const mountDisk = (place: string, size: string) =>
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', place]);
mountDisk(disk, '48m');
const folder = join(disk, basename(disk));
mkdirSync(join(folder, 'kubelet'), { recursive: true });
mountDisk(join(folder, 'kubelet'), '24m');
const faulty = await FaultyNode.start({
  runtime: { folder },
  configuration: {
    evictionHard: { 'nodefs.available': '4Mi' },
    evictionPressureTransitionPeriod: '1s',
    nodeStatusUpdateFrequency: '1s',
  },
});
const { node } = faulty;
t.teardown(async () => {
  await faulty[Symbol.asyncDispose]();
  execFileSync('umount', ['--lazy', disk]);
  rmdirSync(disk);
});

const pressed = (status: string) => async () => (await faulty.condition('DiskPressure')) === status;

t.test("on the runtime's full disk no pod starts, its events say why, later it runs", async (t) => {
  await faulty.create('kept', () => undefined);
  await node.ready('kept');
  const filler = join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
  await faulty.create('waits', () => undefined);
  const told = async () => {
    const events = await node.events('waits');
    return events.some(({ message }) => /No space left|ENOSPC/.test(message));
  };
  t.ok(await until(told));
  t.match(await node.pod('waits'), { status: { phase: 'Pending' } });
  rmSync(filler);
  const pod = await node.ready('waits');
  t.equal(pod?.status?.containerStatuses?.[0]?.restartCount, 0);
  const kept = await node.pod('kept');
  t.equal(kept?.status?.containerStatuses?.[0]?.restartCount, 0, 'what ran was left alone');
  await node.delete('waits');
  await node.gone('waits');
});

t.test('a pod that fills the node is evicted, the others stay', async (t) => {
  const volumeMounts = [{ name: 'data', mountPath: '/data' }];
  const script = `dd if=/dev/zero of=/data/file bs=1M count=100; ${waiting}`;
  const containers = [shell(script, { volumeMounts })];
  const volumes = [{ name: 'data', emptyDir: {} }];
  await node.create({ volumes, containers }, { name: 'hog' });
  const hog = await node.until('hog', (pod) => pod?.status?.phase === 'Failed');
  t.match(hog?.status, {
    reason: 'Evicted',
    message: /^The node was low on resource: ephemeral-storage\. Threshold quantity: 4Mi, /,
  });
  t.ok(await until(pressed('False')), 'there is room again');
  const kept = await node.pod('kept');
  t.equal(kept?.status?.phase, 'Running');
  t.equal(kept?.status?.containerStatuses?.[0]?.restartCount, 0);
  await node.delete('hog');
  await node.gone('hog');
});

t.test('while the node has no room it takes nobody on, and when it has it does', async (t) => {
  const filler = join(folder, 'kubelet/filler');
  const { bavail, bsize } = statfsSync(join(folder, 'kubelet'));
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
  t.ok(await until(pressed('True')));
  await node.create({ containers: [shell(waiting)] }, { name: 'refused' });
  const refused = await node.until('refused', (pod) => pod?.status?.phase === 'Failed');
  t.match(refused?.status, {
    reason: 'Evicted',
    message: 'Pod was rejected: The node had condition: [DiskPressure]. ',
  });
  rmSync(filler);
  t.ok(await until(pressed('False')));
  await faulty.create('welcome', () => undefined);
  await node.ready('welcome');
  for (const name of ['refused', 'welcome', 'kept']) await node.delete(name);
  for (const name of ['refused', 'welcome', 'kept']) await node.gone(name);
  t.same(await faulty.leftovers(), []);
});

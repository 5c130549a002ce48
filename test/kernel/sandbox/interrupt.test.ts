/** What a runtime finds after a kill at any instant, a reboot, or damage to its records. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { operation } from '../../../src/kernel/operation.ts';
import { runPlan } from '../../../src/kernel/run-plan.ts';
import { openNode } from './open-node.ts';
import { nothingLeft, Place } from './place.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

t.setTimeout(240_000);

t.test('killed at any instant of its life, a pod can be removed with all of it', async (t) => {
  await using place = new Place();
  for (let round = 0; round < 12; round++) {
    const afterMs = Math.random() * 60;
    await place.dieAfter(afterMs, ['run', 'stop', 'remove']);
    const { engine, pods } = openNode(place.folder);
    await engine.recover();
    await pods.recover();
    const found = pods.list().map(({ state }) => state);
    await pods.remove(place.request.id);
    await nothingLeft(t, place);
    await engine.close();
    t.comment(`after ${Math.round(afterMs)} ms: ${found.join() || 'none'}`);
  }
});

t.test(
  'after a reboot that kept the state folder a pod is not ready, and is removed',
  async (t) => {
    await using place = new Place();
    const before = openNode(place.folder);
    const pod = await before.pods.run(place.request);
    await before.engine.close();
    // A reboot ends every process and unmounts everything; the folders stay, empty.
    process.kill(pod.shimPid, 'SIGKILL');
    for (const pid of place.processes()) process.kill(pid, 'SIGKILL');
    await place.ends();
    const mounts = [...Object.values(pod.namespaces), pod.shm ?? ''];
    await runPlan(mounts.map((path) => operation.unmount(path)));
    using hierarchy = openHierarchy();
    await hierarchy.remove(place.request.cgroupPath);

    const { engine, pods } = openNode(place.folder);
    await engine.recover();
    await pods.recover();
    t.match(pods.status(pod.id), { state: 'notReady', shimPid: 0 });
    await t.rejects(pods.run(place.request), { name: 'DomainError', kind: 'exists' });
    await pods.remove(pod.id);
    await nothingLeft(t, place);
    t.match(await pods.run(place.request), { state: 'ready' });
    await pods.remove(pod.id);
    await nothingLeft(t, place);
    await engine.close();
  },
);

t.test('a pod whose record is damaged is unknown, and leaves nothing when removed', async (t) => {
  await using place = new Place();
  t.equal(await place.die('sandbox.run.after-ready', ['run']), 'SIGKILL');
  writeFileSync(join(place.folder, 'state/pods', place.request.id, 'sandbox.json'), '{');
  const { engine, pods } = openNode(place.folder);
  await engine.recover();
  await pods.recover();
  t.match(pods.status(place.request.id), { state: 'unknown' });
  await pods.remove(place.request.id);
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), place.name, 'no mount');
  await place.ends();
  t.same(place.processes(), [], 'no process');
  await engine.close();
});

/** Cgroups of pods go with them: what holds one up is waited for, what nobody knows is ended. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { until } from '../../until.ts';
import { PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());
using hierarchy = openHierarchy();
const tree = `${hierarchy.mountPoint}/${node.runtime.name}/kubepods`;

t.test('a pod whose cgroup cannot be removed stays until it can', async (t) => {
  await node.create({ containers: [shell(waiting)] }, { name: 'held' });
  const pod = await node.ready('held');
  const cgroup = `${tree}/besteffort/pod${pod?.metadata.uid}`;
  // Killed when the runtime has removed all that was the pod's, the cgroup too.
  await node.down();
  await node.up({ KEELSON_FAULT: 'kubelet.pod.removed' });
  await node.delete('held', 1);
  await node.ended();
  mkdirSync(`${cgroup}/held`, { recursive: true });
  // A folder with a mount on it cannot go.
  execFileSync('mount', ['-t', 'tmpfs', 'none', `${cgroup}/held`]);
  try {
    await node.up();
    const complaint = `cgroup of pod ${pod?.metadata.uid}`;
    const complaints = () => node.log.split(complaint).length - 1;
    t.ok(await until(complaints, (count) => count > 1), 'it is tried again and again');
    t.ok(await node.pod('held'), 'the server has it until then');
  } finally {
    execFileSync('umount', [`${cgroup}/held`]);
  }
  await node.gone('held');
  t.notOk(existsSync(cgroup));
});

t.test('a cgroup of a pod that nobody knows goes, with what runs in it', async (t) => {
  await node.create({ containers: [shell(waiting)] }, { name: 'kept' });
  const kept = await node.ready('kept');
  await node.down('SIGKILL');
  const orphan = `${tree}/burstable/pod0a-1b`;
  mkdirSync(orphan, { recursive: true });
  const process = spawn('sleep', ['100000']);
  const ended = once(process, 'exit');
  writeFileSync(`${orphan}/cgroup.procs`, String(process.pid));
  mkdirSync(`${tree}/burstable/something`);
  await node.up();
  await ended;
  t.ok(await until(() => !existsSync(orphan)));
  t.ok(existsSync(`${tree}/burstable/something`), 'what is no pod stays');
  t.ok(existsSync(`${tree}/besteffort/pod${kept?.metadata.uid}`), 'so do pods that are known');
  t.equal((await node.ready('kept'))?.status?.containerStatuses?.[0]?.restartCount, 0);
});

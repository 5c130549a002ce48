/** The same kubelet over Debian's containerd, which knows fewer calls and tells no events. */
import t from 'tap';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { PrivateContainerd, withoutContainerd } from './private-containerd.ts';
import { PrivateNode, shell, waiting } from './private-node.ts';

const skip = process.getuid?.() === 0 ? withoutContainerd : 'needs root';
if (skip !== false) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(400_000);
const node = await PrivateNode.start({ started: false });
t.teardown(() => node[Symbol.asyncDispose]());
const containerd = await PrivateContainerd.start(node.runtime);
node.beforeEnd(() => containerd[Symbol.asyncDispose]());
node.socket = containerd.socket;
await node.up();

t.test('a pod runs, is probed, restarted and removed', async (t) => {
  const readinessProbe = { exec: { command: ['true'] }, periodSeconds: 1 };
  const containers = [shell(waiting, { readinessProbe }), shell('exit 3', { name: 'failing' })];
  await node.create({ containers }, { name: 'web' });
  const pod = await node.until('web', (now) => {
    // By their names, as the stock kubelet has them.
    const [failing, main] = now?.status?.containerStatuses ?? [];
    return main?.ready === true && (failing?.restartCount ?? 0) > 0;
  });
  t.match(pod?.status, {
    phase: 'Running',
    podIP: /^10\./,
    containerStatuses: [
      { lastState: { terminated: { exitCode: 3, reason: 'Error' } } },
      { containerID: /^containerd:/ },
    ],
  });
  if (node.coordinator.skip === false) {
    t.equal(await node.kubectl('exec', 'web', '-c', 'main', '--', 'hostname'), 'web\n');
  }
  await node.delete('web');
  await node.gone('web');
  using runtime = openRuntime(containerd.socket);
  t.same(await runtime.listPods(), []);
  t.same(await runtime.listContainers(), []);
});

t.test('root in a pod is not the node’s for want of support', async (t) => {
  await node.create({ hostUsers: false, containers: [shell(waiting)] }, { name: 'users' });
  const why = "can't set `spec.hostUsers: false`, runtime does not support user namespaces";
  await node.told('users', new RegExp(`^FailedCreatePodSandBox .*${why}`));
  t.notMatch((await node.pod('users'))?.status?.containerStatuses, [{ started: true }]);
  await node.delete('users', 0);
  await node.gone('users');
});

t.test('a killed kubelet finds its pods there, too', async (t) => {
  await node.create({ containers: [shell(waiting)] }, { name: 'kept' });
  const before = await node.ready('kept');
  await node.down('SIGKILL');
  await node.up();
  await node.create({ containers: [shell('true')], restartPolicy: 'Never' }, { name: 'next' });
  await node.until('next', (pod) => pod?.status?.phase === 'Succeeded');
  const after = await node.pod('kept');
  const idOf = (pod: typeof after) => pod?.status?.containerStatuses?.[0]?.containerID;
  t.equal(idOf(after), idOf(before));
  await node.delete('kept');
  await node.delete('next');
  await node.gone('kept');
  await node.gone('next');
});

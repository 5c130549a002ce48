/** The kubelet killed between any two of its steps: the next one neither loses nor doubles. */
import t from 'tap';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(400_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());

const starting = [
  'kubelet.sandbox.creating',
  'kubelet.sandbox.created',
  'kubelet.container.creating',
  'kubelet.container.created',
  'kubelet.container.started',
];
const ending = ['kubelet.pod.removed', 'kubelet.pod.deleted'];

for (const [index, point] of starting.entries()) {
  t.test(`killed at ${point} the pod runs once`, async (t) => {
    const name = `start-${index}`;
    await node.down();
    await node.up({ KEELSON_FAULT: point });
    await node.create({ containers: [shell(waiting)] }, { name });
    await node.ended();
    await node.up();
    const pod = await node.ready(name);
    t.equal(pod?.status?.containerStatuses?.[0]?.restartCount, 0);
    using runtime = openRuntime(node.runtime.socket);
    t.equal((await runtime.listPods()).length, 1);
    t.equal((await runtime.listContainers()).length, 1);
    await node.delete(name);
    await node.gone(name);
  });
}

for (const [index, point] of ending.entries()) {
  t.test(`killed at ${point} nothing of the pod stays`, async (t) => {
    const name = `end-${index}`;
    await node.create({ containers: [shell(waiting)] }, { name });
    await node.ready(name);
    await node.down();
    await node.up({ KEELSON_FAULT: point });
    await node.delete(name);
    await node.ended();
    await node.up();
    await node.gone(name);
    using runtime = openRuntime(node.runtime.socket);
    t.same(await runtime.listPods(), []);
    t.same(await runtime.listContainers(), []);
  });
}

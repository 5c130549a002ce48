/** Pods of our kubelet over our runtime, as kubectl sees them. */
import t from 'tap';
import { PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(400_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());

t.test('a bound pod runs, is ready, and leaves nothing when it is deleted', async (t) => {
  await node.create({ containers: [shell(`echo hello; ${waiting}`)] }, { name: 'web' });
  const pod = await node.ready('web');
  t.match(pod?.status, {
    phase: 'Running',
    hostIP: '127.0.0.1',
    podIP: /^10\./,
    qosClass: 'BestEffort',
    containerStatuses: [
      { name: 'main', ready: true, started: true, restartCount: 0, containerID: /^keelson:/ },
    ],
  });
  const reasons = async () => (await node.events('web')).map(({ reason }) => reason);
  for (const reason of ['Pulled', 'Created', 'Started']) {
    t.ok((await reasons()).includes(reason), reason);
  }
  await node.delete('web');
  await node.gone('web');
});

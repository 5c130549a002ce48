/** What a pod asks of its runtime's handler: the handler itself, user namespaces, image volumes. */
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { PrivateNode, shell } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());
const hasEnded = (pod: Pod | undefined) => /^(Failed|Succeeded)$/.test(pod?.status?.phase ?? '');

async function end(...names: readonly string[]): Promise<void> {
  for (const name of names) await node.delete(name, 1);
  for (const name of names) await node.gone(name);
}

t.test('a RuntimeClass may name keelson itself', async (t) => {
  const { process: server } = node.coordinator;
  const classes = '/apis/node.k8s.io/v1/runtimeclasses';
  await node.coordinator.make(classes, { metadata: { name: 'own' }, handler: 'keelson' });
  const pod = { restartPolicy: 'Never', containers: [shell('exit 4')], runtimeClassName: 'own' };
  await node.create(pod, { name: 'named' });
  const ended = await node.until('named', hasEnded);
  t.match(ended?.status?.containerStatuses?.[0]?.state?.terminated, { exitCode: 4 });
  const { text } = await server.asAdmin(`GET /api/v1/nodes/${node.name}`);
  const { status } = JSON.parse(text) as { status: { runtimeHandlers: object[] } };
  const features = { recursiveReadOnlyMounts: true, userNamespaces: true };
  t.match(status.runtimeHandlers[1], { name: 'keelson', features });
  await end('named');
});

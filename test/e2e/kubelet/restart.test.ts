/** What survives the kubelet, the runtime and the server, and what does not. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(400_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());
const mainOf = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0];
const probe = { exec: { command: ['true'] }, periodSeconds: 1 };

function changes(pod: Pod | undefined): string[] {
  const { conditions = [] } = pod?.status ?? {};
  return conditions.map(({ type, lastTransitionTime = '' }) => `${type} ${lastTransitionTime}`);
}

t.test('a static pod runs, has a mirror, and follows its file', async (t) => {
  const path = `${node.manifests}/static.yaml`;
  const write = (word: string) => {
    const spec = {
      containers: [shell(`echo ${word}; ${waiting}`)],
      terminationGracePeriodSeconds: 1,
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'static' }, spec };
    writeFileSync(path, JSON.stringify(pod));
  };
  const name = `static-${node.name}`;
  write('one');
  const first = await node.ready(name);
  t.match(first?.metadata.annotations, {
    'kubernetes.io/config.source': 'file',
    'kubernetes.io/config.mirror': /./,
  });
  t.match(first?.metadata.ownerReferences, [{ kind: 'Node', name: node.name }]);
  await node.delete(name);
  const again = await node.until(name, (pod) => {
    return pod !== undefined && pod.metadata.uid !== first?.metadata.uid;
  });
  t.ok(again, 'the mirror comes back');
  const same = await node.ready(name);
  t.equal(mainOf(same)?.containerID, mainOf(first)?.containerID, 'the pod stayed as it was');
  write('two');
  const changed = await node.until(name, (pod) => {
    const id = mainOf(pod)?.containerID ?? '';
    return id !== '' && id !== mainOf(first)?.containerID && mainOf(pod)?.ready === true;
  });
  t.ok(changed);
  rmSync(path);
  await node.gone(name);
});

t.test('a kubelet that was killed finds its pods, and leaves them as they are', async (t) => {
  await node.create({ containers: [shell(waiting, { readinessProbe: probe })] }, { name: 'kept' });
  const before = await node.ready('kept');
  await node.create({ containers: [shell(waiting)] }, { name: 'lost' });
  await node.ready('lost');
  await node.down('SIGKILL');
  await node.delete('lost', 0);
  await node.gone('lost');
  await node.up();
  await node.create({ containers: [shell(waiting)] }, { name: 'new' });
  await node.ready('new');
  const after = await node.pod('kept');
  t.equal(mainOf(after)?.containerID, mainOf(before)?.containerID);
  t.same(changes(after).toSorted(), changes(before).toSorted(), 'it was ready all the time');
  using runtime = openRuntime(node.runtime.socket);
  const names = async () => (await runtime.listPods()).map(({ metadata }) => metadata?.name);
  for (let round = 0; round < 600 && (await names()).includes('lost'); round += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  t.notOk((await names()).includes('lost'), 'what was deleted meanwhile is gone');
  await node.delete('new');
  await node.gone('new');
});

t.test('a runtime that was away is found again; what ended meanwhile is told', async (t) => {
  await node.create(
    { containers: [shell('sleep 2; exit 5')], restartPolicy: 'Never' },
    { name: 'short' },
  );
  await node.until('short', (pod) => mainOf(pod)?.state?.running !== undefined);
  await node.runtime.down('SIGKILL');
  await node.runtime.up();
  const ended = await node.until('short', (pod) => pod?.status?.phase === 'Failed');
  t.match(mainOf(ended)?.state, { terminated: { exitCode: 5, reason: 'Error' } });
  const kept = await node.pod('kept');
  t.equal(mainOf(kept)?.restartCount, 0);
  await node.delete('short');
  await node.gone('short');
});

t.test('deletion waits for the grace, and a shorter one cuts it', async (t) => {
  const stubborn = { containers: [shell('trap "" TERM; while :; do sleep 1; done')] };
  await node.create({ ...stubborn, terminationGracePeriodSeconds: 600 }, { name: 'stubborn' });
  const pod = await node.ready('stubborn');
  await node.delete('stubborn');
  await node.until('stubborn', (now) => now?.metadata.deletionTimestamp !== undefined);
  await node.delete('stubborn', 1);
  await node.gone('stubborn');
  t.notOk(existsSync(`${node.folder}/kubelet/pods/${pod?.metadata.uid ?? 'none'}`));
  await node.delete('kept');
  await node.gone('kept');
  using runtime = openRuntime(node.runtime.socket);
  t.same(await runtime.listPods(), []);
  t.same(await runtime.listContainers(), []);
});

import t from 'tap';
import type { ApiClient } from '../../../src/api/client/client.ts';
import { resources } from '../../../src/api/client/resources.ts';
import { ApiError } from '../../../src/api/status.ts';
import { runScheduler } from '../../../src/scheduler/run-scheduler.ts';
import { Dice } from '../../unit/scheduler/reference/dice.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';

const seed = Number(process.env['KEELSON_SEED'] ?? 1);
const boundMs = 120_000;

t.test(`each pod gets one node when a third of all calls fail (seed ${seed})`, async (t) => {
  t.setTimeout(2 * boundMs);
  await using server = await ScratchServer.start();
  const client = server.client('test');
  for (let at = 0; at < 5; at += 1) {
    const allocatable = { cpu: '2', memory: '8Gi', pods: '10' };
    await client.create(resources.nodes, {
      metadata: { name: `node-${at}` },
      spec: {},
      status: { allocatable },
    });
  }
  const stop = new AbortController();
  const failures: string[] = [];
  const scheduler = runScheduler(flaky(server.client('kube-scheduler'), new Dice(seed)), {
    signal: stop.signal,
    onError: (what, error) => void failures.push(`${what}: ${String(error)}`),
  });
  try {
    const names = Array.from({ length: 20 }, (_, at) => `pod-${at}`);
    for (const name of names) await client.create(resources.pods, podOf(name));
    // All there is room for, and one more: it waits until another one is gone.
    await client.create(resources.pods, podOf('last'));
    const end = Date.now() + boundMs;
    let removed = false;
    for (;;) {
      const { items } = await client.list(resources.pods);
      const bound = items.filter(({ spec }) => (spec.nodeName ?? '') !== '');
      const perNode = Map.groupBy(bound, ({ spec }) => spec.nodeName);
      for (const [node, pods] of perNode) {
        if (pods.length > 4) t.fail(`${node} has ${pods.length} pods, and room for 4`);
      }
      if (bound.length === 20 && !removed) {
        const name = bound[0]?.metadata.name ?? '';
        await client.delete(
          resources.pods,
          { namespace: 'default', name },
          { gracePeriodSeconds: 0 },
        );
        removed = true;
      } else if (bound.length === 20) break;
      if (Date.now() > end) throw new Error(`${bound.length} bound: ${failures.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    t.ok(failures.length > 0, 'calls failed');
  } finally {
    stop.abort();
    await scheduler;
  }
});

const podOf = (name: string) => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'web', resources: { requests: { cpu: '500m' } } }] },
});

const fail = () => new ApiError('InternalError', 'the dice were against it');

/** Refuses calls before they are done, and loses the answers of others. */
function flaky(client: ApiClient, dice: Dice): ApiClient {
  const around =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (dice.chance(0.2)) throw fail();
      const answer = await call(...args);
      if (dice.chance(0.15)) throw fail();
      return answer;
    };
  return {
    get: around(client.get.bind(client)),
    // Lists and watches that fail are the informers' matter.
    list: client.list.bind(client),
    watch: client.watch.bind(client),
    create: around(client.create.bind(client)),
    update: around(client.update.bind(client)),
    updateStatus: around(client.updateStatus.bind(client)),
    patch: around(client.patch.bind(client)),
    delete: around(client.delete.bind(client)),
    post: around(client.post.bind(client)),
  };
}

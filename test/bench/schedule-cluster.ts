import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { ApiServer } from '../../src/apiserver/server.ts';
import { systemClock } from '../../src/base/clock.ts';
import { EventRecorder } from '../../src/api/client/event-recorder.ts';
import { runScheduler } from '../../src/scheduler/run-scheduler.ts';
import { openEmbeddedStore } from '../../src/store/open.ts';
import type { Bench } from './bench.ts';
import { node, templates } from './schedule/templates.ts';

const nodes = 1000;
const pods = 5000;
const clients = 64;
const boundMs = 300_000;

/**
 * SchedulingBasic with API server, store (SQLite, full sync) and scheduler in one process, as the
 * coordinator has them: from the first pod's creation to the last one's binding. Events are written
 * meanwhile, one after the other, as far as they come.
 */
const bench: Bench = {
  question: 'How many pods a second are bound through API and store, on 1,000 nodes?',
  prepare: () =>
    Promise.resolve({
      cases: [
        {
          case: '',
          unit: 'pods/s',
          ours: { name: 'keelson', run: async () => [await bindAll()] },
          peers: [],
          rounds: 3,
        },
      ],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

export default bench;

async function bindAll(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-bench-'));
  const store = await openEmbeddedStore(join(folder, 'store.db'));
  const server = await ApiServer.start({ store, host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const client = server.client('kube-scheduler');
  // Events that wait when the last pod is bound are not waited for.
  const onError = (...error: unknown[]) => {
    if (!stop.signal.aborted) console.error(...error);
  };
  const events = new EventRecorder({ client, clock: systemClock, onError });
  try {
    await inParallel(nodes, async (at) => {
      await client.create(resources.nodes, node(at, ['zone1', 'zone2', 'zone3']));
    });
    const scheduler = runScheduler(client, { signal: stop.signal, events, onError });
    const startMs = performance.now();
    const bound = untilBound(client);
    await inParallel(pods, async (at) => {
      const pod = templates.plain(`pod-${at}`, 'default');
      const metadata = { name: pod.metadata.name, namespace: 'default' };
      await client.create(resources.pods, { ...pod, metadata });
    });
    await bound;
    const seconds = (performance.now() - startMs) / 1000;
    stop.abort();
    await scheduler;
    return pods / seconds;
  } finally {
    stop.abort();
    await server[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/** So many clients, each with its next piece when its last is done. */
async function inParallel(count: number, run: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: clients }, work));
}

async function untilBound(client: ApiClient): Promise<void> {
  const { resourceVersion } = await client.list<Pod>(resources.pods);
  const bound = new Set<string>();
  const signal = AbortSignal.timeout(boundMs);
  for await (const batch of client.watch<Pod>(resources.pods, { resourceVersion, signal })) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK' || (event.object.spec.nodeName ?? '') === '') continue;
      bound.add(event.object.metadata.name);
    }
    if (bound.size === pods) return;
  }
  throw new Error(`${bound.size} pods were bound in ${boundMs} ms`);
}

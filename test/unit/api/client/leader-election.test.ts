import t, { type Test } from 'tap';
import { FencedClient } from '../../../../src/api/client/fenced-client.ts';
import { LeaderElection } from '../../../../src/api/client/leader-election.ts';
import { resources } from '../../../../src/api/client/resources.ts';
import { createApi } from '../../../../src/apiserver/api.ts';
import { LocalClient } from '../../../../src/apiserver/local-client.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { openEmbeddedStore } from '../../../../src/store/open.ts';
import { openedFor, temporaryFolder } from '../../store/opening.ts';

const lease = { namespace: 'kube-system', name: 'boss' };

async function clientFor(t: Test): Promise<LocalClient> {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(`${folder}/store.db`));
  const client = new LocalClient(createApi({ store }), 'test');
  await client.create(resources.namespaces, { metadata: { name: 'kube-system' }, spec: {} });
  return client;
}

t.test('one leads at a time, and each has its turn', async (t) => {
  const client = await clientFor(t);
  let leading = 0;
  let most = 0;
  const reigns: string[] = [];
  const candidates = ['a', 'b', 'c'].map((identity) => {
    const stop = new AbortController();
    const election = new LeaderElection({
      client,
      clock: systemClock,
      lease,
      identity,
      durationMs: 1500,
      elected: () => undefined,
      failed: () => undefined,
    });
    const ended = election.run(stop.signal, async ({ signal }) => {
      leading += 1;
      most = Math.max(most, leading);
      reigns.push(identity);
      // It abdicates; the next one need not wait for the lease to run out.
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
      leading -= 1;
      stop.abort();
    });
    return ended;
  });
  await Promise.all(candidates);
  t.same(reigns.toSorted(), ['a', 'b', 'c']);
  t.equal(most, 1);
  const { spec } = await client.get(resources.leases, lease);
  t.match(spec, { holderIdentity: '', leaseTransitions: 2 });
});

t.test('a lease that nobody renews is taken over', async (t) => {
  const client = await clientFor(t);
  const spec = { holderIdentity: 'dead', leaseDurationSeconds: 1, leaseTransitions: 4 };
  const { namespace, name } = lease;
  await client.create(resources.leases, { metadata: { namespace, name }, spec });
  const stop = new AbortController();
  const seen: string[] = [];
  const election = new LeaderElection({
    client,
    clock: systemClock,
    lease,
    identity: 'heir',
    durationMs: 1500,
    elected: (leader) => seen.push(leader),
    failed: () => undefined,
  });
  await election.run(stop.signal, async (leadership) => {
    t.ok(leadership.isHeld());
    const { spec: taken } = await client.get(resources.leases, lease);
    t.match(taken, { holderIdentity: 'heir', leaseTransitions: 5, leaseDurationSeconds: 2 });
    stop.abort();
  });
  t.same(seen, ['dead', 'heir']);
});

t.test('who may not lead any more writes nothing', async (t) => {
  const client = await clientFor(t);
  let mayWrite = true;
  const fenced = new FencedClient(client, () => mayWrite);
  const made = await fenced.create(resources.namespaces, { metadata: { name: 'blue' }, spec: {} });
  mayWrite = false;
  const writes = [
    fenced.create(resources.namespaces, { metadata: { name: 'red' }, spec: {} }),
    fenced.update(resources.namespaces, made),
    fenced.updateStatus(resources.namespaces, made),
    fenced.patch(
      resources.namespaces,
      { namespace: '', name: 'blue' },
      { type: 'merge', document: {} },
    ),
    fenced.delete(resources.namespaces, { namespace: '', name: 'blue' }),
    fenced.post(resources.pods, { namespace: 'blue', name: 'x', subresource: 'eviction' }, {}),
  ];
  for (const write of writes)
    await t.rejects(
      write.then(() => undefined),
      /another process leads now/,
    );
  t.equal((await fenced.list(resources.namespaces)).items.length, 2, 'and reads what it likes');
});

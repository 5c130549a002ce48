/** A cluster of three members, of which any may fail. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { isDomainError } from '../../../src/base/error.ts';
import { openEtcdStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';
import { bytes, openedFor, sleep, take } from '../../unit/store/opening.ts';
import { EtcdServer, etcdMissing, freePort, untilItAnswers } from './etcd-server.ts';

t.setTimeout(110_000);

t.test(
  'each member in turn is killed: writes go on, watches miss nothing',
  { skip: etcdMissing },
  async (t) => {
    t.setTimeout(100_000);
    const folder = await mkdtemp(join(tmpdir(), 'keelson-cluster-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const members = await startCluster(folder, 3);
    t.teardown(() => Promise.all(members.map((member) => member[Symbol.asyncDispose]())));
    const endpoints = members.map(({ endpoint }) => endpoint);
    const store = await openedFor(t, () => openEtcdStore({ endpoints }));
    const other = await openedFor(t, () => openEtcdStore({ endpoints: endpoints.toReversed() }));
    const after = await store.currentRevision();
    const created: string[] = [];
    for (const member of members) {
      created.push(await createSoon(store, `/registry/a/${created.length}`));
      await member.kill();
      created.push(await createSoon(store, `/registry/a/${created.length}`));
      created.push(await createSoon(other, `/registry/a/${created.length}`));
      member.start();
      await untilItAnswers(member.endpoint);
    }
    for (const one of [store, other]) {
      const changes = await take(one.watch('/registry/a/', { after }), created.length);
      t.same(
        changes.map(({ key }) => key),
        created,
      );
    }
  },
);

/** A key of its own for each attempt whose outcome is unknown would hide a repeat: read instead. */
async function createSoon(store: Store, key: string): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      await store.create(key, bytes('x'));
      return key;
    } catch (error) {
      if (isDomainError(error, 'exists')) return key;
      if (attempt === 200) throw error;
      await sleep(100);
    }
  }
}

async function startCluster(folder: string, count: number): Promise<EtcdServer[]> {
  const ports = await Promise.all(
    Array.from({ length: count }, async () => [await freePort(), await freePort()] as const),
  );
  const initial = ports.map(([, peer], index) => `m${index}=http://127.0.0.1:${peer}`).join(',');
  const members = ports.map((pair, index) => {
    const flags = [`--name=m${index}`, `--initial-cluster=${initial}`];
    return new EtcdServer(join(folder, `m${index}`), pair, { flags });
  });
  for (const member of members) member.start();
  for (const { endpoint } of members) await untilItAnswers(endpoint);
  return members;
}

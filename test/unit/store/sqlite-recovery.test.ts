/** What a crash may take and what it may not. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { bytes, openedFor, refusal, summary, take, temporaryFolder, text } from './opening.ts';

const lease = '/registry/leases/kube-node-lease/n1';

t.test('revisions go on growing over an orderly end', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  let last = 0;
  for (let round = 0; round < 3; round++) {
    const store = await openEmbeddedStore(path);
    const revision = await store.create(`/registry/a/${round}`, bytes('x'));
    if (round > 0) t.equal(revision, last + 1);
    last = revision;
    await store[Symbol.asyncDispose]();
  }
});

t.test('after a crash no revision is given twice, heartbeats included', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  const { revision, created } = await crash(path, 50);
  const store = await openedFor(t, () => openEmbeddedStore(path));
  t.ok(store.revision > revision, `${store.revision} > ${revision}`);
  const { entry } = await store.get(lease);
  t.equal(entry?.created, created);
  const next = await store.create('/registry/a/next', bytes('x'));
  t.ok(next > revision);
});

t.test('a watch that saw a lost heartbeat is told of the value that came back', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  // The first crash leaves a flushed heartbeat behind, the second loses those after it.
  await crash(path, 1);
  const flushed = await openEmbeddedStore(path);
  const before = (await flushed.get(lease)).entry;
  const expected = before?.revision ?? 0;
  await flushed.update(lease, bytes('on disk'), { expected, volatile: true });
  await flushed[Symbol.asyncDispose]();
  const { revision } = await crash(path, 50);
  const store = await openedFor(t, () => openEmbeddedStore(path));
  using watch = store.watch('/registry/leases/', { after: revision });
  const [change] = await take(watch, 1);
  t.equal(summary(change), 'put on disk was on disk');
  t.equal((await store.get(lease)).entry?.revision, change?.revision);
});

t.test('history and old watches see heartbeats that were never on disk', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  const store = await openedFor(t, () => openEmbeddedStore(path));
  const created = await store.create(lease, bytes('0'));
  const beat = await store.update(lease, bytes('1'), { expected: created, volatile: true });
  t.equal(text((await store.get(lease, { revision: created })).entry?.value), '0');
  t.equal(text((await store.get(lease, { revision: beat })).entry?.value), '1');
  t.same((await store.history(lease)).map(summary), ['put 0', 'put 1 was 0']);
  t.equal(text((await store.get(lease)).entry?.value), '1');
});

t.test('a durable change of a key with a heartbeat in memory keeps both in history', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  const store = await openedFor(t, () => openEmbeddedStore(path));
  const created = await store.create(lease, bytes('0'));
  const beat = await store.update(lease, bytes('1'), { expected: created, volatile: true });
  const holder = await store.update(lease, bytes('2'), { expected: beat });
  await store.update(lease, bytes('3'), { expected: holder, volatile: true });
  await store.delete(lease);
  t.same((await store.history(lease)).map(summary), [
    'put 0',
    'put 1 was 0',
    'put 2 was 1',
    'put 3 was 2',
    'deleted 3',
  ]);
});

t.test('keys of a session are gone when the next process opens the store', async (t) => {
  const path = join(await temporaryFolder(t), 'store.db');
  const { revision } = await crash(path, 1);
  const store = await openedFor(t, () => openEmbeddedStore(path));
  t.equal(await store.count('/keelson/'), 0);
  const [change] = await take(store.watch('/keelson/', { after: revision }), 1);
  t.equal(summary(change), 'deleted leader');
});

t.test('writes after the store is closed are refused in words', async (t) => {
  const store = await openEmbeddedStore(join(await temporaryFolder(t), 'store.db'));
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  t.match(await refusal(store.create('/a/b', bytes(''))), { message: 'The store is closed' });
  t.match(await refusal(store.get('/a/b')), { message: 'The store is closed' });
  t.match(await refusal(take(store.watch('/a/', { after: 1 }), 1)), { kind: 'unavailable' });
});

/** A process that makes a lease and a session's key, beats, says where it is, and is killed. */
async function crash(path: string, beats: number): Promise<{ revision: number; created: number }> {
  const program = fileURLToPath(new URL('./heart.ts', import.meta.url));
  const child = fork(program, [path, String(beats)]);
  const [said] = (await once(child, 'message')) as [{ revision: number; created: number }];
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  return said;
}

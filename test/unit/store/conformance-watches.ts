import type { Test } from 'tap';
import { CompactedError } from '../../../src/store/error.ts';
import type { Store } from '../../../src/store/store.ts';
import { bytes, openedFor, refusal, sleep, summary, take, type Opening } from './opening.ts';

export function testWatches(t: Test, opening: Opening): void {
  t.test('a watch has each change once, in order, and only of its prefix', async (t) => {
    const store = await openedFor(t, opening);
    const start = await store.currentRevision();
    using pods = store.watch('/registry/pods/', { after: start });
    using one = store.watch('/registry/pods/b/', { after: start });
    const podsTaken = take(pods, 4);
    const oneTaken = take(one, 1);
    const created = await store.create('/registry/pods/a/x', bytes('1'));
    await store.create('/registry/services/a/x', bytes('s'));
    await store.update('/registry/pods/a/x', bytes('2'), { expected: created });
    await store.create('/registry/pods/b/y', bytes('3'));
    await store.delete('/registry/pods/a/x');
    const changes = await podsTaken;
    t.same(changes.map(summary), ['put 1', 'put 2 was 1', 'put 3', 'deleted 2']);
    t.same(
      changes.map(({ created: at }) => at === created),
      [true, true, false, true],
    );
    const revisions = changes.map(({ revision }) => revision);
    t.same(
      revisions,
      [...new Set(revisions)].toSorted((a, b) => a - b),
    );
    t.same((await oneTaken).map(summary), ['put 3']);
  });

  t.test('a watch from each earlier revision sees exactly what came after it', async (t) => {
    const store = await openedFor(t, opening);
    const revisions = [await store.currentRevision()];
    for (let index = 0; index < 10; index++) {
      revisions.push(await store.create(`/registry/pods/a/${index}`, bytes(`${index}`)));
    }
    for (const [index, after] of revisions.slice(0, -1).entries()) {
      using watch = store.watch('/registry/', { after });
      const seen = (await take(watch, 10 - index)).map(({ revision }) => revision);
      t.same(seen, revisions.slice(index + 1));
    }
  });

  t.test('a watch starting among concurrent writes has no gap and no repeat', async (t) => {
    const store = await openedFor(t, opening);
    const start = await store.currentRevision();
    const writing = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let index = 0; index < 50; index++) {
          await store.create(`/registry/pods/w${writer}/${index}`, bytes('x'));
        }
      }),
    );
    const watches = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        await sleep(index * 3);
        using watch = store.watch('/registry/', { after: start });
        return (await take(watch, 400)).map(({ revision }) => revision);
      }),
    );
    await writing;
    for (const revisions of watches) {
      t.same(
        revisions,
        [...new Set(revisions)].toSorted((a, b) => a - b),
      );
      t.same(revisions, watches[0]);
    }
  });

  t.test('a watch of a forgotten or future revision throws', async (t) => {
    const store = await openedFor(t, opening);
    for (let index = 0; index < 5; index++) {
      await store.create(`/registry/pods/a/${index}`, bytes('x'));
    }
    const compacted = await store.currentRevision();
    await store.reached(compacted, AbortSignal.timeout(5_000));
    await store.compact(compacted);
    t.match(await refusal(take(store.watch('/registry/', { after: 1e9 }), 1)), { kind: 'invalid' });
    await forgetRecent(store);
    t.match(await refusal(take(store.watch('/registry/', { after: compacted - 2 }), 1)), {
      message: /no longer known/,
    });
  });

  t.test('a watch from the beginning of a store sees all of it', async (t) => {
    const store = await openedFor(t, opening);
    const revision = await store.create('/registry/pods/first/x', bytes('1'));
    for (const after of [0, 1]) {
      using watch = store.watch('/registry/pods/first/', { after });
      const error = await take(watch, 1).catch((reason: unknown) => reason);
      // The server of the etcd tests is shared, and other tests have compacted it.
      if (error instanceof CompactedError) continue;
      t.match(error, [{ key: '/registry/pods/first/x', revision }]);
    }
  });

  t.test('a watch ends quietly by its signal and when disposed of, even while idle', async (t) => {
    const store = await openedFor(t, opening);
    const controller = new AbortController();
    const after = store.revision;
    const ended = take(store.watch('/registry/', { after, signal: controller.signal }), 1);
    const watch = store.watch('/registry/', { after });
    const disposed = take(watch, 1);
    await sleep(50);
    controller.abort();
    watch[Symbol.dispose]();
    t.same(await ended, []);
    t.same(await disposed, []);
    t.equal((await store.statistics()).watches, 0);
  });

  t.test('an idle watch moves on with the store, for bookmarks', async (t) => {
    const store = await openedFor(t, opening);
    using watch = store.watch('/registry/services/', { after: store.revision });
    void take(watch, 1);
    await sleep(100);
    const revision = await store.create('/registry/pods/a/x', bytes('1'));
    await store.reached(revision, AbortSignal.timeout(5_000));
    for (let wait = 0; watch.revision !== revision && wait < 50; wait++) await sleep(100);
    t.equal(watch.revision, revision);
  });
}

export function testSessions(t: Test, opening: Opening): void {
  t.test('keys of a session vanish with it, others stay', async (t) => {
    const store = await openedFor(t, opening);
    const session = await store.openSession({ timeToLiveSeconds: 5 });
    const leader = '/keelson/leaders/scheduler';
    await store.create(leader, bytes('me'), { session });
    await store.create('/keelson/other', bytes('stays'));
    t.match(await refusal(store.create(leader, bytes('you'))), { kind: 'exists' });
    using watch = store.watch('/keelson/', { after: await store.currentRevision() });
    const taken = take(watch, 1);
    await session[Symbol.asyncDispose]();
    t.same((await taken).map(summary), ['deleted me']);
    t.ok(session.ended.aborted);
    t.equal(await store.count('/keelson/'), 1);
    await t.rejects(store.create(leader, bytes('x'), { session }));
  });
}

/** Pushes all before it out of memory, so that a watch has to ask the database. */
async function forgetRecent(store: Store): Promise<void> {
  const large = new Uint8Array(1_000_000);
  for (let index = 0; index < 70; index++) {
    const last = await store.create(`/large/${index}`, large);
    await store.reached(last, AbortSignal.timeout(5_000));
  }
}

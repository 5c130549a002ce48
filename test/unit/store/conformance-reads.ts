import type { Test } from 'tap';
import { bytes, openedFor, refusal, sleep, summary, take, text, type Opening } from './opening.ts';

export function testReads(t: Test, opening: Opening): void {
  t.test('list has the keys below a prefix in byte order and no others', async (t) => {
    const store = await openedFor(t, opening);
    const names = ['b', 'a', 'a.b', 'a-b', 'A', 'ä', '\u{1f600}', '\uff5e'];
    for (const name of names) await store.create(`/registry/pods/ns/${name}`, bytes(name));
    await store.create('/registry/pods/ns2/x', bytes('other'));
    await store.create('/registry/podsx/ns/y', bytes('other'));
    const { entries, more } = await store.list('/registry/pods/ns/');
    const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    t.same(
      entries.map(({ value }) => text(value)),
      sorted,
    );
    t.equal(more, false);
    t.equal(await store.count('/registry/pods/'), names.length + 1);
    t.equal(await store.count('/registry/'), names.length + 2);
    t.equal(await store.count('/'), names.length + 2);
    t.equal(await store.count('/registry/none/'), 0);
  });

  t.test('pages of one revision are one state, whatever is written between them', async (t) => {
    const store = await openedFor(t, opening);
    const revisions: number[] = [];
    for (let index = 0; index < 25; index++) {
      revisions.push(await store.create(name(index), bytes(`old ${index}`)));
    }
    const seen: string[] = [];
    let page = await store.list('/registry/pods/', { limit: 10 });
    const { revision } = page;
    for (;;) {
      seen.push(...page.entries.map(({ value }) => text(value)));
      if (!page.more) break;
      for (let index = 0; index < 25; index += 3) {
        const current = (await store.get(name(index))).entry?.revision;
        if (current === undefined) await store.create(name(index), bytes('new again'));
        else if (index % 2 === 0) await store.delete(name(index));
        else await store.update(name(index), bytes('new'), { expected: current });
      }
      const after = page.entries.at(-1)?.key ?? '';
      page = await store.list('/registry/pods/', { limit: 10, after, revision });
      t.equal(page.revision, revision);
    }
    t.same(
      seen,
      Array.from({ length: 25 }, (_, index) => `old ${index}`),
    );
    t.equal(await store.count('/registry/pods/', { revision }), 25);
    t.equal(await store.count('/registry/pods/', { revision, after: name(9) }), 15);
  });
}

export function testPast(t: Test, opening: Opening): void {
  t.test('get and list at an earlier revision see the state of then', async (t) => {
    const store = await openedFor(t, opening);
    const key = '/registry/pods/a/traveller';
    const created = await store.create(key, bytes('1'));
    const updated = await store.update(key, bytes('2'), { expected: created });
    const { deletedAt } = await store.delete(key);
    const again = await store.create(key, bytes('3'));
    await store.reached(again, AbortSignal.timeout(5_000));
    const at = async (revision: number): Promise<string> => {
      const { entry } = await store.get(key, { revision });
      const { entries } = await store.list('/registry/', { revision });
      t.same(entries.map(summaryOf), entry === undefined ? [] : [summaryOf(entry)]);
      return text(entry?.value);
    };
    t.same(await Promise.all([created, updated, deletedAt, again].map(at)), ['1', '2', '', '3']);
    t.equal((await store.get(key, { revision: created - 1 })).entry, undefined);
    const history = (await store.history(key)).map(summary);
    t.same(history, ['put 1', 'put 2 was 1', 'deleted 2', 'put 3']);
    await store.delete(key);
    t.same((await store.history(key)).map(summary), [...history, 'deleted 3']);
    const newest = await store.history(key, { limit: 2 });
    t.same(newest.map(summary), ['put 3', 'deleted 3'], 'the newest of them');
    t.match(await refusal(store.history(key, { limit: 0 })), { message: /cannot have 0/ });
    t.same(await store.history('/registry/pods/a/never'), []);
  });

  t.test('revisionAt finds what was the newest at a time', async (t) => {
    const store = await openedFor(t, opening);
    const created = await store.create('/registry/pods/a/x', bytes('1'));
    await sleep(1_200);
    const between = Date.now();
    await sleep(1_200);
    const later = await store.create('/registry/pods/a/y', bytes('2'));
    await store.reached(later, AbortSignal.timeout(5_000));
    t.equal(await store.revisionAt(between), created);
    t.equal(await store.revisionAt(Date.now() + 60_000), later);
  });

  t.test('compaction keeps the state at its revision and forgets what is older', async (t) => {
    const store = await openedFor(t, opening);
    const key = '/registry/pods/a/x';
    let expected = await store.create(key, bytes('0'));
    const first = expected;
    const gone = await store.create('/registry/pods/a/gone', bytes('gone'));
    await store.delete('/registry/pods/a/gone');
    for (let index = 1; index <= 100; index++) {
      expected = await store.update(key, bytes(`${index}`), { expected });
    }
    const last = await store.update(key, bytes('last'), { expected });
    await store.reached(last, AbortSignal.timeout(5_000));
    await store.compact(expected);
    t.equal(text((await store.get(key, { revision: expected })).entry?.value), '100');
    t.equal(text((await store.get(key)).entry?.value), 'last');
    t.match(await refusal(store.get(key, { revision: first })), { message: /no longer known/ });
    t.match(await refusal(store.list('/registry/', { revision: gone })), {
      message: /no longer known/,
    });
    t.match(await refusal(store.compact(last + 1_000)), { message: /in the future/ });
    await store.compact(first);
    const history = await store.history(key);
    t.equal(summary(history.at(-1)), 'put last was 100');
    t.same((await take(store.watch('/', { after: expected }), 1)).map(summary), [
      'put last was 100',
    ]);
  });
}

function summaryOf({ key, value, revision }: { key: string; value: Uint8Array; revision: number }) {
  return `${key} ${text(value)} ${revision}`;
}

function name(index: number): string {
  return `/registry/pods/a/p${String(index).padStart(3, '0')}`;
}

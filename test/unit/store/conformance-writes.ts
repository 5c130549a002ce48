import type { Test } from 'tap';
import { ConflictError } from '../../../src/store/error.ts';
import { bytes, openedFor, refusal, summary, take, text, type Opening } from './opening.ts';

export function testWrites(t: Test, opening: Opening): void {
  t.test('create returns a growing revision and refuses a key that exists', async (t) => {
    const store = await openedFor(t, opening);
    const first = await store.create('/registry/pods/a/x', bytes('1'));
    const second = await store.create('/registry/pods/a/y', bytes('2'));
    t.ok(second > first, `${second} > ${first}`);
    t.match(await refusal(store.create('/registry/pods/a/x', bytes('3'))), { kind: 'exists' });
    t.equal(text((await store.get('/registry/pods/a/x')).entry?.value), '1');
  });

  t.test('update wants the present revision and tells what is there instead', async (t) => {
    const store = await openedFor(t, opening);
    const created = await store.create('/registry/pods/a/x', bytes('1'));
    const updated = await store.update('/registry/pods/a/x', bytes('2'), { expected: created });
    const late = await refusal(
      store.update('/registry/pods/a/x', bytes('3'), { expected: created }),
    );
    if (!(late instanceof ConflictError)) throw late;
    t.match(late.current, { revision: updated, created });
    t.equal(text(late.current?.value), '2');
    const missing = store.update('/registry/pods/a/none', bytes('1'), { expected: 5 });
    t.match(await refusal(missing), { kind: 'conflict', message: /does not exist/ });
  });

  t.test('delete returns what was there, with and without an expected revision', async (t) => {
    const store = await openedFor(t, opening);
    const created = await store.create('/registry/pods/a/x', bytes('1'));
    t.match(await refusal(store.delete('/registry/pods/a/x', { expected: created + 1 })), {
      kind: 'conflict',
    });
    const gone = await store.delete('/registry/pods/a/x', { expected: created });
    t.match(gone, { key: '/registry/pods/a/x', revision: created, created });
    t.ok(gone.deletedAt > created);
    t.equal(text(gone.value), '1');
    t.equal((await store.get('/registry/pods/a/x')).entry, undefined);
    t.match(await refusal(store.delete('/registry/pods/a/x')), { kind: 'notFound' });
    t.match(await refusal(store.delete('/registry/pods/a/x', { expected: created })), {
      kind: 'conflict',
    });
    const again = await store.create('/registry/pods/a/x', bytes('2'));
    t.equal((await store.get('/registry/pods/a/x')).entry?.created, again);
  });

  t.test('of many writers of one revision exactly one wins', async (t) => {
    const store = await openedFor(t, opening);
    const expected = await store.create('/registry/pods/a/x', bytes('0'));
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        store.update('/registry/pods/a/x', bytes(`${index}`), { expected }),
      ),
    );
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  t.test('values are bytes: empty ones, all 256 and a megabyte', async (t) => {
    const store = await openedFor(t, opening);
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const large = new Uint8Array(1_000_000).fill(7);
    for (const [name, value] of Object.entries({ empty: bytes(''), all, large })) {
      await store.create(`/registry/secrets/a/${name}`, value);
      t.same(copied((await store.get(`/registry/secrets/a/${name}`)).entry?.value), copied(value));
    }
  });

  t.test('the caller may reuse its buffer at once', async (t) => {
    const store = await openedFor(t, opening);
    const value = Buffer.from('before');
    const writing = store.create('/registry/pods/a/x', value);
    value.write('AFTER!');
    await writing;
    t.equal(text((await store.get('/registry/pods/a/x')).entry?.value), 'before');
  });

  t.test('bad keys, prefixes, limits, revisions and sizes are refused by name', async (t) => {
    const store = await openedFor(t, opening);
    for (const key of ['', 'x', '/', '//x', '/a//b', '/a/', '/a\0b', '/a\nb', '/\ud800']) {
      t.match(
        await refusal(store.create(key, bytes(''))),
        { kind: 'invalid' },
        JSON.stringify(key),
      );
      t.match(await refusal(store.get(key)), { kind: 'invalid' }, JSON.stringify(key));
    }
    t.match(await refusal(store.create(`/${'k'.repeat(1024)}`, bytes(''))), {
      message: /longer than/,
    });
    const tooLarge = store.create('/registry/x', new Uint8Array(1_500_001));
    t.match(await refusal(tooLarge), { kind: 'invalid', message: /1500001 bytes, 1500000/ });
    t.match(await refusal(store.list('/registry/pods')), { message: /does not end with/ });
    t.match(await refusal(store.list('/registry/', { limit: 0 })), { kind: 'invalid' });
    t.match(await refusal(store.get('/registry/x', { revision: -1 })), { kind: 'invalid' });
    t.match(await refusal(store.get('/registry/x', { revision: 1e9 })), {
      message: /in the future/,
    });
  });

  t.test('currentRevision is no older than what was acknowledged', async (t) => {
    const store = await openedFor(t, opening);
    const revision = await store.create('/registry/pods/a/x', bytes('1'));
    t.ok((await store.currentRevision()) >= revision);
    await store.reached(revision, AbortSignal.timeout(5_000));
    t.ok(store.revision >= revision);
    const never = store.reached(revision + 1_000, AbortSignal.timeout(50));
    t.match(await refusal(never), { name: 'TimeoutError' });
  });

  t.test('volatile updates are read and watched like others', async (t) => {
    const store = await openedFor(t, opening);
    const key = '/registry/leases/kube-node-lease/n1';
    let expected = await store.create(key, bytes('0'));
    using watch = store.watch('/registry/', { after: expected });
    for (let beat = 1; beat <= 5; beat++) {
      expected = await store.update(key, bytes(`${beat}`), { expected, volatile: true });
    }
    t.match(
      await refusal(store.update(key, bytes('x'), { expected: expected - 1, volatile: true })),
      {
        kind: 'conflict',
      },
    );
    await store.reached(expected, AbortSignal.timeout(5_000));
    t.equal(text((await store.get(key)).entry?.value), '5');
    const page = await store.list('/registry/leases/');
    t.equal(text(page.entries[0]?.value), '5');
    t.equal(page.entries[0]?.revision, expected);
    t.same((await take(watch, 5)).map(summary), [
      'put 1 was 0',
      'put 2 was 1',
      'put 3 was 2',
      'put 4 was 3',
      'put 5 was 4',
    ]);
    const durable = await store.update(key, bytes('6'), { expected });
    t.equal((await store.get(key)).entry?.revision, durable);
    t.equal(text((await store.delete(key)).value), '6');
    t.equal((await store.get(key)).entry, undefined);
  });
}

function copied(value: Uint8Array | undefined): Buffer {
  return Buffer.from(value ?? []);
}

import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { parallel } from '../../../src/image/pull/parallel.ts';
import { shareWork } from '../../../src/image/pull/shared-work.ts';
import { makeExclusive } from '../../../src/image/store/exclusive.ts';
import { makeLeases } from '../../../src/image/store/leases.ts';

t.test('work of one key runs once, and all get its result', async (t) => {
  const shared = shareWork<number, string>(String);
  let runs = 0;
  const start = async (): Promise<string> => {
    await delay(10);
    return `run ${++runs}`;
  };
  const results = await Promise.all([1, 2, 3].map(() => shared.run('a', {}, start)));
  t.same(results, ['run 1', 'run 1', 'run 1']);
  t.equal(await shared.run('a', {}, start), 'run 2', 'what has ended is begun anew');
  const both = [shared.run('a', {}, start), shared.run('b', {}, start)];
  t.equal(new Set(await Promise.all(both)).size, 2);
});

t.test('a failure reaches all who wait', async (t) => {
  const shared = shareWork<number, string>(String);
  const results = await Promise.allSettled([1, 2].map(() => shared.run('a', {}, failLater)));
  t.same(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

t.test('those who come later hear how far it is', async (t) => {
  const shared = shareWork<{ part: string; done: number }, void>(({ part }) => part);
  const go = Promise.withResolvers<void>();
  const first = shared.run('a', {}, async (_signal, report) => {
    report({ part: 'x', done: 1 });
    report({ part: 'x', done: 2 });
    report({ part: 'y', done: 1 });
    await go.promise;
    report({ part: 'y', done: 9 });
  });
  const heard: number[] = [];
  const second = shared.run('a', { onProgress: ({ done }) => heard.push(done) }, () => first);
  go.resolve();
  await Promise.all([first, second]);
  t.same(heard, [2, 1, 9]);
});

t.test('the work is aborted when the last one leaves, and not before', async (t) => {
  const shared = shareWork<number, string>(String);
  let aborted = false;
  let cleaned = false;
  const start = async (signal: AbortSignal): Promise<string> => {
    try {
      await delay(1000, undefined, { signal });
      return 'done';
    } catch (error) {
      aborted = true;
      await delay(20);
      cleaned = true;
      throw error;
    }
  };
  const first = new AbortController();
  const second = new AbortController();
  const waiting = [first, second].map(({ signal }) => shared.run('a', { signal }, start));
  first.abort(new Error('first left'));
  await t.rejects(async () => await waiting[0], /first left/);
  t.equal(aborted, false);
  second.abort(new Error('second left'));
  await delay(0);
  const late = shared.run('a', {}, async () => 'anew');
  await t.rejects(async () => await waiting[1], /second left/);
  t.equal(cleaned, true, 'who leaves last waits for the cleaning up');
  t.equal(await late, 'anew', 'new work does not join what was given up');
});

t.test('closing aborts what is under way and waits for it', async (t) => {
  const shared = shareWork<number, void>(String);
  let cleaned = false;
  const work = shared.run('a', {}, async (signal) => {
    try {
      await delay(10_000, undefined, { signal });
    } finally {
      await delay(10);
      cleaned = true;
    }
  });
  const refused = t.rejects(work);
  await shared.close();
  t.equal(cleaned, true);
  await refused;
});

t.test('a signal that is aborted already begins nothing', async (t) => {
  const shared = shareWork<number, string>(String);
  const signal = AbortSignal.abort(new Error('gone'));
  let begun = false;
  const start = async (): Promise<string> => {
    begun = true;
    return '';
  };
  await t.rejects(shared.run('a', { signal }, start), /gone/);
  t.equal(begun, false);
});

t.test('items are worked on in order, so many at once', async (t) => {
  let running = 0;
  let most = 0;
  const begun: number[] = [];
  const { signal } = new AbortController();
  await parallel([1, 2, 3, 4, 5, 6], { limit: 2, signal }, async (item) => {
    begun.push(item);
    most = Math.max(most, ++running);
    await delay(5);
    running--;
  });
  t.same(begun, [1, 2, 3, 4, 5, 6]);
  t.equal(most, 2);
});

t.test('the first failure stops the others and comes out when none runs any more', async (t) => {
  let running = 0;
  const begun: number[] = [];
  const { signal } = new AbortController();
  const work = parallel([1, 2, 3, 4], { limit: 2, signal }, async (item, signal) => {
    begun.push(item);
    running++;
    try {
      if (item === 2) throw new Error('second');
      await delay(1000, undefined, { signal });
    } finally {
      running--;
    }
  });
  await t.rejects(work, /second/);
  t.equal(running, 0);
  t.same(begun, [1, 2]);
});

t.test('exclusive work never overlaps, and a failure does not stop what follows', async (t) => {
  const exclusive = makeExclusive();
  const log: string[] = [];
  const step = (name: string) => async (): Promise<string> => {
    log.push(`${name} begins`);
    await delay(3);
    log.push(`${name} ends`);
    if (name === 'b') throw new Error('failed');
    return name;
  };
  const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => exclusive(step(name))));
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.same(
    log,
    ['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

t.test('a lease holds until the last holder lets go, however often it does', (t) => {
  const leases = makeLeases();
  const digest = `sha256:${'1'.repeat(64)}` as const;
  const first = leases.hold([digest, digest]);
  const second = leases.hold([digest]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  t.equal(leases.has(digest), true);
  second[Symbol.dispose]();
  t.equal(leases.has(digest), false);
  t.end();
});

async function failLater(): Promise<string> {
  await delay(5);
  throw new Error('failed');
}

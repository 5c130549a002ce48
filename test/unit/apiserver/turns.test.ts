import t from 'tap';
import { OwnTurns, SharedTurns, type Turns } from '../../../src/apiserver/turns.ts';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { openedFor, temporaryFolder } from '../store/opening.ts';

/** Adds as often as it is told, from what it read before: two at once would lose one. */
async function addOneAtATime(turns: readonly Turns[], rounds: number): Promise<number> {
  let sum = 0;
  const additions = Array.from({ length: rounds }, async (_, round) => {
    await turns[round % turns.length]?.run('sum', async () => {
      const before = sum;
      await new Promise((resolve) => setImmediate(resolve));
      sum = before + 1;
    });
  });
  await Promise.all(additions);
  return sum;
}

t.test('one at a time, within a process', async (t) => {
  t.equal(await addOneAtATime([new OwnTurns()], 50), 50);
});

t.test('one at a time, of all that share a store', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(`${folder}/store.db`));
  await using one = new SharedTurns(store);
  await using two = new SharedTurns(store);
  t.equal(await addOneAtATime([one, two], 50), 50);
  t.same((await store.list('/keelson/turns/')).entries, [], 'and nothing is left behind');
});

t.test('a turn ends when its work fails, or who had it is gone', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(`${folder}/store.db`));
  const gone = new SharedTurns(store);
  await using next = new SharedTurns(store);
  const failing = gone.run('sum', () => Promise.reject(new Error('no')));
  await t.rejects(failing, /no/);
  t.equal(await next.run('sum', async () => 1), 1);
  const { promise, resolve } = Promise.withResolvers<void>();
  const stuck = gone.run('sum', () => promise);
  await new Promise((done) => setTimeout(done, 50));
  await gone[Symbol.asyncDispose]();
  t.equal(await next.run('sum', async () => 2), 2);
  resolve();
  await stuck;
});

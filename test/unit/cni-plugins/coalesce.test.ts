import t from 'tap';
import { coalesced } from '../../../cni-plugins/coalesce.ts';

t.test('calls of one turn, and of the time of the last batch, are one', async (t) => {
  const batches: (readonly number[])[] = [];
  const { promise: open, resolve } = Promise.withResolvers<void>();
  const remove = coalesced(async (items: readonly number[]) => {
    batches.push(items);
    if (batches.length === 1) await open;
  });
  const first = [remove(1), remove(2)];
  await new Promise((next) => setTimeout(next, 5));
  const second = [remove(3), remove(4), remove(5)];
  await new Promise((next) => setTimeout(next, 5));
  t.same(batches, [[1, 2]], 'one batch at a time');
  resolve();
  await Promise.all([...first, ...second]);
  t.same(batches, [
    [1, 2],
    [3, 4, 5],
  ]);
  await remove(6);
  t.same(batches.at(-1), [6]);
});

t.test('of a batch that fails each caller hears of its own', async (t) => {
  const remove = coalesced(async (items: readonly number[]) => {
    if (items.includes(2)) throw new Error('no');
    return Promise.resolve();
  });
  const outcomes = await Promise.allSettled([1, 2, 3].map(remove));
  t.same(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

t.test('a batch has a bound', async (t) => {
  const sizes: number[] = [];
  const remove = coalesced(async (items: readonly number[]) => {
    sizes.push(items.length);
    return Promise.resolve();
  }, 2);
  await Promise.all([1, 2, 3, 4, 5].map(remove));
  t.same(sizes, [2, 2, 1]);
});

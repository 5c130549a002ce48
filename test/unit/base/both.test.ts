import t from 'tap';
import { both } from '../../../src/base/both.ts';

t.test('gives what both come to', async (t) => {
  t.same(await both(Promise.resolve(1), Promise.resolve('two')), [1, 'two']);
});

t.test('a failure is told of only when the other has ended, however that ends', async (t) => {
  for (const ends of ['resolve', 'reject'] as const) {
    const later = Promise.withResolvers<void>();
    let told = false;
    const result = both(Promise.reject(new Error('first')), later.promise);
    const watched = result.catch((error: unknown) => {
      told = true;
      throw error;
    });
    watched.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(told, false);
    if (ends === 'resolve') later.resolve();
    else later.reject(new Error('second'));
    await t.rejects(watched, /first/);
  }
});

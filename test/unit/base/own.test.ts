import t from 'tap';
import { own } from '../../../src/base/own.ts';

t.test('a word that everything inherits is no entry', async (t) => {
  const table = { a: 1 };
  t.equal(own(table, 'a'), 1);
  for (const word of ['b', 'constructor', 'toString', '__proto__']) {
    t.equal(own(table, word), undefined, word);
  }
});

import t from 'tap';
import { WholeList } from '../../../src/cri/whole-list.ts';

interface Item {
  readonly name: string;
}

t.test('a list is encoded again when an item comes, goes, changes or is replaced', async (t) => {
  let encoded = 0;
  const list = new WholeList<Item>((items) => {
    encoded += 1;
    return Buffer.from(items.map(({ name }) => name).join());
  });
  const states = new Map<Item, number>();
  const ask = (...items: Item[]): string =>
    String(list.answer(items, (item) => states.get(item) ?? 0));
  const [a, b] = [{ name: 'a' }, { name: 'b' }];
  t.equal(ask(), '', 'an empty list is one as well');
  t.equal(ask(a, b), 'a,b');
  t.equal(ask(a, b), 'a,b');
  t.equal(encoded, 2, 'nothing has changed');
  states.set(b, 1);
  ask(a, b);
  t.equal(encoded, 3, 'a state');
  t.equal(ask(b, a), 'b,a', 'an order');
  t.equal(ask(b), 'b', 'one has gone');
  t.equal(ask(a), 'a', 'as many, but others');
  t.equal(ask({ name: 'c' }), 'c', 'a replacement');
  t.equal(encoded, 7);
});

import t from 'tap';
import { hasShape, isListOf } from '../../../src/base/shape.ts';

t.test('a shape is fields and their kinds, own ones, and more do no harm', async (t) => {
  const shape = { a: 'string', n: 'number', f: 'boolean', o: 'object', l: 'list' } as const;
  const whole = { a: '', n: 0, f: false, o: {}, l: [], more: 1 };
  t.ok(hasShape(whole, shape));
  for (const [name, others] of Object.entries({
    a: [1, null, undefined],
    n: ['1', Infinity, NaN, 1e308, 1n],
    f: [0, 'true'],
    o: [null, [], 'x'],
    l: [{}, null, 'x'],
  })) {
    for (const other of others) t.notOk(hasShape({ ...whole, [name]: other }, shape), name);
  }
  t.notOk(hasShape(Object.create(whole), shape), 'what is inherited does not count');
  for (const other of [undefined, null, 'x', 1, []]) t.notOk(hasShape(other, {}));
  t.ok(hasShape({}, {}));
});

t.test('a list of one kind', async (t) => {
  t.ok(isListOf([], 'string'));
  t.ok(isListOf(['a'], 'string'));
  t.notOk(isListOf(['a', 1], 'string'));
  t.notOk(isListOf({ length: 0 }, 'number'));
});

import t from 'tap';
import { canonical, hashOf } from '../../../src/controller/template-hash.ts';

t.test('the order of keys and what is not set do not count', (t) => {
  const left = { spec: { b: 1, a: [{ y: 2, x: 'é' }] }, none: undefined };
  const right = { spec: { a: [{ x: 'é', y: 2 }], b: 1 } };
  t.equal(hashOf(left), hashOf(right));
  t.equal(canonical(left), '{"spec":{"a":[{"x":"é","y":2}],"b":1}}');
  t.end();
});

t.test('the order of lists counts, and so does the number of collisions', (t) => {
  t.not(hashOf([1, 2]), hashOf([2, 1]));
  t.not(hashOf({ a: 1 }), hashOf({ a: 1 }, 1));
  t.not(hashOf({ a: 1 }, 2), hashOf({ a: 1 }, 1));
  t.end();
});

t.test('templates that differ in one image have different words, all fit for names', (t) => {
  const words = Array.from({ length: 5000 }, (_, index) => hashOf({ image: `web:${index}` }));
  t.equal(new Set(words).size, words.length);
  t.notOk(words.find((word) => !/^[456789bcdf]{1,10}$/.test(word)));
  t.end();
});

import t from 'tap';
import type { Json } from '../../../src/api/json.ts';
import { applyJsonPatch } from '../../../src/api/patch/json-patch.ts';
import { applyMergePatch } from '../../../src/api/patch/merge-patch.ts';

t.test('a merge patch does what the examples of RFC 7386 show', async (t) => {
  const cases: [Json, Json, Json][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) t.same(applyMergePatch(target, patch), result);
});

t.test('a JSON patch does what the examples of RFC 6902 show', async (t) => {
  const cases: [Json, Json, Json][] = [
    [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    [{ foo: ['a', 'b'] }, [{ op: 'add', path: '/foo/1', value: 'x' }], { foo: ['a', 'x', 'b'] }],
    [{ foo: ['a'] }, [{ op: 'add', path: '/foo/-', value: 'b' }], { foo: ['a', 'b'] }],
    [{ baz: 'q', foo: 'b' }, [{ op: 'remove', path: '/baz' }], { foo: 'b' }],
    [{ a: [1, 2, 3] }, [{ op: 'remove', path: '/a/1' }], { a: [1, 3] }],
    [{ baz: 'q' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo' }],
    [{ a: [1, 2] }, [{ op: 'replace', path: '/a/0', value: 9 }], { a: [9, 2] }],
    [
      { foo: { bar: 1, baz: 2 }, qux: {} },
      [{ op: 'move', from: '/foo/baz', path: '/qux/thud' }],
      { foo: { bar: 1 }, qux: { thud: 2 } },
    ],
    [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    [{}, [{ op: 'add', path: '', value: [1] }], [1]],
  ];
  for (const [target, patch, result] of cases) t.same(applyJsonPatch(target, patch), result);
});

t.test('what cannot be applied is refused and changes nothing', async (t) => {
  const target = { a: [1], b: { c: 'd' } };
  const patches: Json[] = [
    {},
    [{ op: 'test', path: '/b/c', value: 'x' }],
    [{ op: 'remove', path: '/x' }],
    [{ op: 'replace', path: '/x', value: 1 }],
    [{ op: 'add', path: '/a/7', value: 1 }],
    [{ op: 'add', path: '/a/01', value: 1 }],
    [{ op: 'add', path: '/x/y', value: 1 }],
    [{ op: 'add', path: 'a', value: 1 }],
    [{ op: 'add', path: '/z' }],
    [{ op: 'burn', path: '/a' }],
    [{ op: 'remove', path: '' }],
    [{ op: 'move', path: '/z' }],
    [
      { op: 'remove', path: '/a' },
      { op: 'test', path: '/b/c', value: 'x' },
    ],
    [{ op: 'remove', path: '/__proto__' }],
    Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: [1] })),
  ];
  for (const patch of patches)
    t.throws(() => applyJsonPatch(target, patch), { name: 'DomainError' });
  t.same(target, { a: [1], b: { c: 'd' } });
});

t.test('copies that double a document end early', async (t) => {
  const patch = Array.from({ length: 60 }, (_, at) => ({
    op: 'copy',
    from: '/a',
    path: `/a/${at}`,
  }));
  t.throws(() => applyJsonPatch({ a: { text: 'x'.repeat(100) } }, patch), /too large/);
});

t.test('a patch sets a key named __proto__ and nothing else', async (t) => {
  const patch = JSON.parse('{"__proto__":{"x":1}}') as Json;
  t.equal(JSON.stringify(applyMergePatch({}, patch)), '{"__proto__":{"x":1}}');
  const added = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { x: 1 } }]);
  t.equal(JSON.stringify(added), '{"__proto__":{"x":1}}');
  t.equal(({} as Record<string, unknown>)['x'], undefined);
});

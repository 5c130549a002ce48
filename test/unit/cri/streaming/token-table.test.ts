import t from 'tap';
import { limits } from '../../../../src/base/limits.ts';
import { TokenTable } from '../../../../src/cri/streaming/token-table.ts';

t.test('a token is taken once', async (t) => {
  const table = new TokenTable<string>();
  const token = table.add('value');
  t.equal(table.take(token), 'value');
  t.equal(table.take(token), undefined);
  t.equal(table.take('never'), undefined);
});

t.test('a token lives for a minute', async (t) => {
  let now = 0;
  const table = new TokenTable<string>(() => now);
  const [first, second] = [table.add('first'), table.add('second')];
  now = limits.streamTokenMs - 1;
  t.equal(table.take(first), 'first');
  now = limits.streamTokenMs;
  t.equal(table.take(second), undefined);
});

t.test('tokens are all different, long, and fit for a URL', async (t) => {
  const table = new TokenTable<number>();
  const tokens = new Set(
    Array.from({ length: limits.streamTokens }, (_, index) => table.add(index)),
  );
  t.equal(tokens.size, limits.streamTokens);
  for (const token of tokens) t.match(token, /^[A-Za-z0-9_-]{32}$/);
});

t.test('too many are refused until some are taken or too old', async (t) => {
  let now = 0;
  const table = new TokenTable<number>(() => now);
  const first = table.add(0);
  for (let index = 1; index < limits.streamTokens; index++) table.add(index);
  t.throws(() => table.add(-1), { name: 'DomainError', kind: 'exhausted' });
  table.take(first);
  table.add(-1);
  t.throws(() => table.add(-1), { name: 'DomainError', kind: 'exhausted' });
  now = limits.streamTokenMs;
  table.add(-1);
});

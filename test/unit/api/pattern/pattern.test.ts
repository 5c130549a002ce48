import t from 'tap';
import { Pattern } from '../../../../src/api/pattern/pattern.ts';

t.test('patterns mean what they mean in Go', async (t) => {
  const cases: [pattern: string, found: string[], absent: string[]][] = [
    ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', ['a', 'a-1'], ['-a', 'a-', 'A', '']],
    ['^a{2,3}$', ['aa', 'aaa'], ['a', 'aaaa']],
    ['^(a|b|cd)*$', ['', 'abcd', 'cdcd'], ['c', 'abc']],
    ['(?i)abc', ['xABCx'], ['ab']],
    ['(?i:a)b', ['Ab'], ['AB']],
    ['[[:alpha:]]\\d\\s', ['a1 '], ['1a ', 'a1x']],
    ['\\bfoo\\b', ['a foo b'], ['afoob']],
    ['^[^\\s,]+$', ['ab'], ['a b', 'a,b']],
    ['\\pL+\\p{Greek}', ['aα'], ['a1']],
    ['\\Qa.b\\E', ['a.b'], ['axb']],
    ['^\\x41\\x{1F600}$', ['A😀'], ['A']],
    ['a|', ['', 'b'], []],
    ['^.$', ['😀', 'a'], ['\n', 'ab']],
    ['(?s)^.$', ['\n'], ['']],
    ['(?m)^b$', ['a\nb\nc'], ['ab']],
    ['[]a]', [']', 'a'], ['b']],
    ['[a\\-z]', ['-', 'z'], ['b']],
  ];
  for (const [source, found, absent] of cases) {
    const pattern = new Pattern(source);
    for (const text of found) t.equal(pattern.test(text), true, `${source} in ${text}`);
    for (const text of absent) t.equal(pattern.test(text), false, `${source} not in ${text}`);
  }
});

t.test('what Go does not take is not taken', async (t) => {
  const wrong = [
    '(',
    ')',
    '[a',
    'a**',
    '*',
    '(?=a)',
    '(a)\\1',
    'x{2}{3}',
    'a{1001}',
    'a{3,2}',
    '\\',
  ];
  for (const source of wrong) {
    t.throws(() => new Pattern(source), { message: /^error parsing regexp: / }, source);
  }
});

t.test('no pattern and no text make it slow or large', async (t) => {
  const text = `${'a'.repeat(50_000)}b`;
  for (const source of ['^(a+)+$', '^(a|a)*$', '^(a*)*$', '^(.*a){10}$', '(x+x+)+y']) {
    t.not(new Pattern(source).test(text), true, source);
  }
  const endless = '(a?){1000}b{1000}';
  t.equal(new Pattern(endless).test('a'.repeat(100_000)), undefined, 'given up, and said');
  const large = ['((a{0,100}){0,100}){0,100}', '(((){1000}){1000}){1000}', 'a'.repeat(10_001)];
  for (const source of [...large, '('.repeat(5000)]) {
    t.throws(
      () => new Pattern(source),
      { message: /^error parsing regexp: / },
      source.slice(0, 40),
    );
  }
});

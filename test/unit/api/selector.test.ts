import t from 'tap';
import { matchesFields, parseFieldSelector } from '../../../src/api/selector/field-selector.ts';
import {
  matchesLabels,
  parseLabelSelector,
  readLabelSelector,
} from '../../../src/api/selector/label-selector.ts';

t.test('a label selector selects as kubectl -l does', async (t) => {
  const labels = { app: 'web', tier: 'front', 'example.com/n': '5', empty: '' };
  const cases: Record<string, boolean> = {
    '': true,
    'app=web': true,
    'app==web,tier=front': true,
    'app!=web': false,
    'missing!=x': true,
    'tier in (back, front)': true,
    'tier notin (back,front)': false,
    'missing notin (a)': true,
    app: true,
    '!app': false,
    '!missing': true,
    ' app = web , !missing ': true,
    'example.com/n>4': true,
    'example.com/n<5': false,
    'empty=': true,
    'empty in (,x)': true,
    'app>1': false,
  };
  for (const [text, expected] of Object.entries(cases)) {
    t.equal(matchesLabels(parseLabelSelector(text), labels), expected, text || 'all');
  }
});

t.test('a malformed label selector is refused', async (t) => {
  const texts = ['=a', 'a=b=c', 'a in b', 'a in (b', 'a,', ',a', 'a b', 'a in ((b))', '-x', 'a>b'];
  texts.push('a/b/c', `${'x'.repeat(64)}=1`, 'a=-x', '!', 'a=(b)', 'x'.repeat(70_000));
  for (const text of texts) t.throws(() => parseLabelSelector(text), { name: 'DomainError' }, text);
});

t.test('matchLabels and matchExpressions say the same as the text', async (t) => {
  const selector = readLabelSelector({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'gone', operator: 'DoesNotExist' },
    ],
  });
  t.equal(matchesLabels(selector, { app: 'web', tier: 'b' }), true);
  t.equal(matchesLabels(selector, { app: 'web', tier: 'c' }), false);
  t.equal(matchesLabels(selector, { app: 'web', tier: 'b', gone: '' }), false);
  const wrong = { matchExpressions: [{ key: 'a', operator: 'Near' }] };
  t.throws(() => readLabelSelector(wrong), /"Near" is not a valid label selector operator/);
});

t.test('a label that an object inherits is not one of its labels', async (t) => {
  t.equal(matchesLabels(parseLabelSelector('constructor'), {}), false);
});

const valueOf = (field: string) =>
  ({ 'status.phase': 'Pending', 'spec.nodeName': 'n1', 'metadata.name': 'a,b' })[field] ?? '';

t.test('a field selector compares by equality, with escapes', async (t) => {
  const selector = parseFieldSelector(
    'status.phase!=Running,spec.nodeName=n1,metadata.name==a\\,b',
  );
  t.equal(matchesFields(selector, valueOf), true);
  t.equal(matchesFields(parseFieldSelector('spec.nodeName='), valueOf), false);
  t.equal(matchesFields(parseFieldSelector('absent='), valueOf), true);
  t.equal(matchesFields(parseFieldSelector(''), valueOf), true);
  for (const text of [' =a', 'a', '=b', 'a=b\\', 'a=\\x', 'a=b=c']) {
    t.throws(() => parseFieldSelector(text), { name: 'DomainError' }, text);
  }
});

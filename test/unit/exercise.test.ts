import t from 'tap';
import { matches, mismatches, parsePage, scriptOf } from '../e2e/exercise.ts';

const page = `# A page

\`\`\`sh
$ not typed
\`\`\`

Words.

\`\`\`console
$ echo one
one
$ for x in a b; do
>   echo $x
> done
a
b
$ true
\`\`\`
`;

t.test('commands go on over lines, and other blocks are not typed', (t) => {
  const steps = parsePage(page);
  t.same(steps, [
    { command: 'echo one', expected: ['one'], line: 10 },
    { command: 'for x in a b; do\n  echo $x\ndone', expected: ['a', 'b'], line: 12 },
    { command: 'true', expected: [], line: 17 },
  ]);
  t.end();
});

t.test('what is printed beside what was expected is told with its step', (t) => {
  const steps = parsePage(page);
  t.equal(scriptOf(steps).match(/=== step \d/g)?.length, 3);
  const good = '\n=== step 0\none\n\n=== step 1\na\nb\n\n=== step 2\n';
  t.same(mismatches(steps, good), []);
  const bad = '\n=== step 0\ntwo\n\n=== step 1\na\nb\n\n=== step 2\nnoise\n';
  t.same(
    mismatches(steps, bad).map(({ step, shown }) => [step.line, shown]),
    [
      [10, ['two']],
      [17, ['noise']],
    ],
  );
  const short = '\n=== step 0\none\n\n=== step 1\na\nb\n';
  t.same(
    mismatches(steps, short).map(({ shown }) => shown),
    [['(not reached)']],
  );
  t.end();
});

t.test('patterns stand for parts of a line and for lines', (t) => {
  const yes: [string[], string[]][] = [
    [['a … c'], ['a b c']],
    [['…'], ['']],
    [['...'], []],
    [
      ['...', 'end'],
      ['x', 'y', 'end'],
    ],
    [['a.b (c)'], ['a.b (c)']],
  ];
  const no: [string[], string[]][] = [
    [['a … c'], ['a b d']],
    [['a.b'], ['axb']],
    [[], ['more']],
    [['one'], []],
    [
      ['...', 'end'],
      ['end', 'more'],
    ],
  ];
  for (const [expected, shown] of yes) t.ok(matches(expected, shown), expected.join('|'));
  for (const [expected, shown] of no) t.notOk(matches(expected, shown), expected.join('|'));
  t.end();
});

import t from 'tap';
import { breachesOf } from './breach.ts';

t.test('a file within the bounds has no breach', async (t) => {
  t.same(breachesOf('src/kernel/mount.ts', "import { x } from '../base/error.ts';\n"), []);
});

t.test('a vague file name is a breach', async (t) => {
  t.match(breachesOf('src/kernel/utils.ts', ''), [/named after one noun/]);
});

t.test('a line over 100 characters and a file over 300 lines are breaches', async (t) => {
  t.match(breachesOf('src/kernel/a.ts', 'x'.repeat(101)), [/src\/kernel\/a.ts:1: line of 101/]);
  t.match(breachesOf('src/kernel/a.ts', '\n'.repeat(301)), [/301 lines/]);
});

t.test('an import against the layers is a breach', async (t) => {
  const text = "import { x } from '../cri/server.ts';\n";
  t.match(breachesOf('src/kernel/a.ts', text), [/may not import src\/cri\/server.ts/]);
});

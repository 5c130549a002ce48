import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { lineDiff } from '../../../../src/cli/history/line-diff.ts';

t.test('equal texts have no difference', async (t) => {
  t.equal(lineDiff('a\nb\n', 'a\nb\n'), '');
  t.equal(lineDiff('', ''), '');
});

t.test('a change stands between three lines of what stayed', async (t) => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\n';
  const after = before.replace('e\n', 'E\n');
  t.equal(lineDiff(before, after), '@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n');
});

t.test('what is made of nothing, and nothing that is left', async (t) => {
  t.equal(lineDiff('', 'a\nb\n'), '@@ -0,0 +1,2 @@\n+a\n+b\n');
  t.equal(lineDiff('a\n', ''), '@@ -1,1 +0,0 @@\n-a\n');
});

t.test('texts that share nothing are not searched for ever', async (t) => {
  const difference = lineDiff(manyLines('a'), manyLines('b'));
  t.equal(difference.split('\n').length, 10_002);
});

t.test('patch makes the one of the other, whatever they are', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-diff-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const made = () => Array.from({ length: random(30) }, () => `${'abcde'[random(5)]}\n`).join('');
  for (let round = 0; round < 60; round += 1) {
    const [before, after] = [made(), made()];
    const path = join(folder, 'text');
    writeFileSync(path, before);
    const difference = lineDiff(before, after);
    if (difference === '') {
      t.equal(before, after);
      continue;
    }
    const input = `--- text\n+++ text\n${difference}`;
    const args = ['--quiet', '--no-backup-if-mismatch', '--output=-', path];
    const output = patched(args, input);
    t.equal(output, after, difference);
  }
});

function patched(args: readonly string[], input: string): string {
  return execFileSync('patch', args, { input, encoding: 'utf8' });
}

function manyLines(word: string): string {
  return Array.from({ length: 5000 }, (_, index) => `${word}${index}\n`).join('');
}

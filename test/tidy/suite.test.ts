/** The runner of the tests themselves. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runFile } from '../suite/run-file.ts';
import { nextFile, ordered } from '../suite/schedule.ts';
import { failuresOf, skipsOf, summaryOf } from '../suite/tap-output.ts';

const kernel = 'test/kernel/a.test.ts';
const lab = 'test/lab/a.test.ts';
const unit = 'test/unit/a.test.ts';
const signal = new AbortController().signal;

t.test('tests of the machine run one at a time, beside the lab and pure ones', async (t) => {
  t.same(ordered([unit, lab, 'test/cni/a.test.ts', kernel]), [
    kernel,
    'test/cni/a.test.ts',
    lab,
    unit,
  ]);
  t.equal(nextFile([kernel, lab, unit], []), kernel);
  t.equal(nextFile(['test/e2e/b.test.ts', lab, unit], [kernel]), lab);
  t.equal(nextFile(['test/lab/b.test.ts', unit], [kernel, lab]), unit);
  t.equal(nextFile([unit], [unit, unit]), unit);
  t.equal(nextFile(['test/cni/b.test.ts'], [kernel]), undefined);
  t.equal(nextFile(['test/new/b.test.ts'], [kernel]), undefined, 'an unknown tier is careful');
});

t.test('a file passes by its exit code, whatever it prints', async (t) => {
  const folder = t.testdir({
    'bad.ts': 'console.log("ok 1"); process.exitCode = 3',
    'good.ts': '',
  });
  t.match(await runFile(join(folder, 'bad.ts'), { signal }), { passed: false, output: 'ok 1\n' });
  t.match(await runFile(join(folder, 'good.ts'), { signal }), { passed: true });
});

t.test('one that is given up ends with its children, after it could clean up', async (t) => {
  const folder = t.testdir({
    'slow.ts': `
      import { spawn } from 'node:child_process';
      import { writeFileSync } from 'node:fs';
      const child = spawn('sleep', ['1000'], { stdio: 'inherit' });
      process.on('SIGTERM', () => { console.log('cleaned up'); process.exit(1); });
      // With the child gone nothing else would keep the process until it looks at the signal.
      setInterval(() => {}, 1000);
      writeFileSync(import.meta.dirname + '/pid', String(child.pid));`,
  });
  const giveUp = new AbortController();
  const ended = runFile(join(folder, 'slow.ts'), { signal: giveUp.signal });
  await until(
    () => existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid')).length > 0,
  );
  giveUp.abort();
  t.match(await ended, { passed: false, output: 'cleaned up\n' });
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await until(() => !alive(pid));
});

t.test('of the output only what failed and what was skipped is told', async (t) => {
  const output = [
    '# Subtest: x',
    '    ok 1 - fine',
    '    not ok 2 - broken',
    '      at: here',
    '    ok 3 - other # SKIP needs luck',
    '    # { total: 3, pass: 1, fail: 1, skip: 1 }',
    '# { total: 9, pass: 7, fail: 1, skip: 1 }',
  ].join('\n');
  t.equal(summaryOf(output), 'pass 7, fail 1, skip 1');
  t.match(failuresOf(output), /^ {4}not ok 2 - broken\n {6}at: here/);
  t.notMatch(failuresOf(output), /fine/);
  t.same(skipsOf([output, output]), ['   2 other # SKIP needs luck']);
  t.ok(failuresOf('x\n'.repeat(100_000)).length < 2000, 'a long story loses its middle');
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never: ${String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

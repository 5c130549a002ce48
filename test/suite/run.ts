/**
 * Runs test files, a process each: `node test/suite/run.ts [--jobs N] [TIER|FILE...]`,
 * all tiers by default. Prints a line a file, the story of each that fails, and at the end what was
 * skipped and why.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { failuresOf, skipsOf, summaryOf } from './tap-output.ts';
import { type Outcome, runFile } from './run-file.ts';
import { nextFile, ordered, tierNames, tierOf } from './schedule.ts';

/** How many failed files get a second run. */
const mostAgain = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string' } },
});
// On one processor too: the lab waits, and tests wait for the kernel.
const jobs = Number(values.jobs ?? Math.min(Math.max(availableParallelism(), 2), 4));
const names = positionals.length > 0 ? positionals : tierNames;
const waiting = [...ordered(names.flatMap(filesOf))];
const running = new Map<string, Promise<Outcome>>();
const outcomes: Outcome[] = [];
const unsteady: string[] = [];
const begin = performance.now();
const givenUp = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    waiting.length = 0;
    givenUp.abort();
    process.exitCode = 130;
  });
}

while (waiting.length > 0 || running.size > 0) {
  startMore();
  const outcome = await Promise.race(running.values());
  running.delete(outcome.file);
  outcomes.push(outcome);
  report(outcome);
}
await judgeAlone();
conclude();

function filesOf(name: string): readonly string[] {
  if (name.endsWith('.test.ts')) return [name];
  return globSync(`test/${name}/**/*.test.ts`);
}

function startMore(): void {
  while (running.size < jobs) {
    const file = nextFile(waiting, [...running.keys()]);
    if (file === undefined) return;
    waiting.splice(waiting.indexOf(file), 1);
    running.set(file, runFile(file, { signal: givenUp.signal }));
  }
}

function report({ file, passed, seconds, output }: Outcome): void {
  const name = `${passed ? 'ok    ' : 'not ok'} ${seconds.toFixed(1).padStart(6)} s`;
  console.log(`${name}  ${file}  ${summaryOf(output)}`);
  if (!passed) console.log(failuresOf(output));
}

/**
 * What failed beside other tests runs once more with the machine to itself, and that counts; the
 * end names it all the same. Many failures are no accident, and stand.
 */
async function judgeAlone(): Promise<void> {
  const failed = outcomes.filter(({ passed }) => !passed);
  if (failed.length > mostAgain || givenUp.signal.aborted) return;
  for (const first of failed) {
    console.log(`again, alone: ${first.file}`);
    const second = await runFile(first.file, { signal: givenUp.signal });
    report(second);
    outcomes[outcomes.indexOf(first)] = second;
    if (second.passed) unsteady.push(first.file);
  }
}

function conclude(): void {
  console.log('\n== time');
  for (const tier of new Set(outcomes.map(({ file }) => tierOf(file)))) {
    const files = outcomes.filter(({ file }) => tierOf(file) === tier);
    console.log(`${totalOf(files).padStart(6)} s  ${tier}, ${files.length} files`);
  }
  const seconds = (performance.now() - begin) / 1000;
  console.log(`${seconds.toFixed(0).padStart(6)} s  the whole, ${jobs} at a time`);
  console.log('\n== skipped');
  for (const line of skipsOf(outcomes.map(({ output }) => output))) console.log(line);
  for (const file of unsteady) console.log(`unsteady: ${file} failed once and passed alone`);
  const failed = outcomes.filter(({ passed }) => !passed);
  for (const { file, output } of failed) console.log(`not ok ${file}\n${failuresOf(output)}`);
  if (failed.length > 0 || outcomes.length === 0) process.exitCode ||= 1;
}

function totalOf(list: readonly Outcome[]): string {
  return list.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(0);
}

/** The page of `vagrant/exercises` about limits, typed where they bite. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Reader } from '../../e2e/book/reader.ts';
import { mismatches, parsePage, scriptOf } from '../../e2e/exercise.ts';

t.setTimeout(300_000);
const reader = await Reader.start();
t.teardown(() => reader[Symbol.asyncDispose]());
await reader.makeImage('busybox', {});

t.test('vagrant/exercises/03-limits.md', async (t) => {
  const path = new URL('../../../vagrant/exercises/03-limits.md', import.meta.url);
  const steps = parsePage(readFileSync(path, 'utf8'));
  t.ok(steps.length > 10, 'the page has steps');
  const { output } = await reader.type(scriptOf(steps));
  for (const { step, shown } of mismatches(steps, output)) {
    t.fail(`line ${step.line}: ${step.command}`, { expected: step.expected, shown });
  }
  t.same(await reader.runtime.leftovers(), [], 'nothing is left');
});

/**
 * `npm run bench -- NAME...` answers one question each; `--list` names them.
 * A question is a file of this folder with a default export of type Bench.
 */
import { readdirSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { measure } from './measure.ts';

const notQuestions = new Set(['run.ts', 'bench.ts', 'measure.ts', 'quantile.ts', 'table.ts']);
const folder = new URL('.', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !notQuestions.has(file))
  .map((file) => file.replace(/\.ts$/, ''));

const asked = process.argv.slice(2);
if (asked.length === 0 || asked.includes('--list')) {
  for (const name of names) console.log(`${name}\t${(await load(name)).question}`);
} else {
  for (const name of asked) await measure(name, await load(name));
}

async function load(name: string): Promise<Bench> {
  if (!names.includes(name)) throw new Error(`No bench is named "${name}"; try --list`);
  const module = (await import(new URL(`${name}.ts`, folder).href)) as { default: Bench };
  return module.default;
}

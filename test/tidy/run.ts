/** Prints every breach of the house style; exits 1 when there is one. Run by `npm run check`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { breachesOf } from './breach.ts';
import { circlesOf } from './circle.ts';

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\.(ts|cc|hh)$/.test(path) && !/generated|fixtures/.test(path))
  .filter((path) => exists(path));

const texts = new Map(files.map((path) => [path, readFileSync(path, 'utf8')]));
const breaches = [...texts].flatMap(([path, text]) => breachesOf(path, text));
breaches.push(...circlesOf(texts));
for (const breach of breaches) console.error(breach);
process.exitCode = breaches.length === 0 ? 0 : 1;

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

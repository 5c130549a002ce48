import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FuzzTarget } from './fuzz-target.ts';

const fixtures = fileURLToPath(new URL('../fixtures/fuzz/', import.meta.url));
const targets = fileURLToPath(new URL('targets/', import.meta.url));

export function targetNames(): string[] {
  return readdirSync(targets)
    .map((file) => file.replace(/\.ts$/, ''))
    .toSorted();
}

export async function loadTarget(name: string): Promise<FuzzTarget> {
  const module = (await import(`${targets}${name}.ts`)) as { readonly target: FuzzTarget };
  return module.target;
}

/** The target's own seeds, and every input that was once found to be handled wrongly. */
export function corpusOf(name: string, target: FuzzTarget): Buffer[] {
  return [...target.seeds.map((seed) => Buffer.from(seed)), ...foundCases(name)];
}

export function foundCases(name: string): Buffer[] {
  try {
    return readdirSync(`${fixtures}${name}`).map((file) =>
      readFileSync(`${fixtures}${name}/${file}`),
    );
  } catch {
    return [];
  }
}

/** Keeps a finding for good; returns its path. */
export function keepCase(name: string, input: Buffer): string {
  mkdirSync(`${fixtures}${name}`, { recursive: true });
  const hash = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const path = `${fixtures}${name}/${hash}`;
  writeFileSync(path, input);
  return path;
}

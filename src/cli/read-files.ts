import { readFile } from 'node:fs/promises';
import { DomainError, hasCode } from '../base/error.ts';
import type { RunFiles } from './create-request.ts';
import type { RunFlags } from './run-flags.ts';

/** Reads what the flags of `run` name: environment files, and a seccomp profile. */
export async function readRunFiles(
  flags: Pick<RunFlags, 'env' | 'envFile' | 'securityOpt'>,
): Promise<RunFiles> {
  const files = await Promise.all(flags.envFile.map(readEnvironment));
  const env = [...files.flat(), ...flags.env].flatMap((entry) => variable(entry));
  const seccomp = flags.securityOpt.find((option) => option.startsWith('seccomp='))?.slice(8);
  if (seccomp === undefined || seccomp === 'unconfined' || seccomp === 'builtin') return { env };
  return { env, seccomp: await readNamed(seccomp, 'seccomp profile') };
}

/** `KEY` alone takes the value from here, and is left out where there is none. */
export function variable(entry: string): string[] {
  if (entry === '' || entry.startsWith('=')) {
    throw new DomainError('invalid', `Invalid environment variable "${entry}"`);
  }
  if (entry.includes('=')) return [entry];
  const value = process.env[entry];
  return value === undefined ? [] : [`${entry}=${value}`];
}

/** Lines of KEY=VALUE; empty ones and those that begin with `#` are left out. */
async function readEnvironment(path: string): Promise<string[]> {
  const text = (await readNamed(path, 'environment file')).toString();
  return text
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

async function readNamed(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EACCES', 'EISDIR')) throw error;
    throw new DomainError('invalid', `Cannot read ${what} "${path}"`, { cause: error });
  }
}

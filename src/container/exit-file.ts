import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../base/error.ts';

export interface ExitRecord {
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly finishedAtNs: bigint;
}

/** What a shim kept in a container's folder; undefined when there is none, or it is damaged. */
export function readExitFile(folder: string): ExitRecord | undefined {
  try {
    return parseExit(readFileSync(join(folder, 'exit'), 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function parseExit(text: string): ExitRecord | undefined {
  const match = /^(\d{1,3}) ([01]) (\d{1,20})\n$/.exec(text);
  if (match === null) return undefined;
  const [, code, oom, finished = '0'] = match;
  return { exitCode: Number(code), oomKilled: oom === '1', finishedAtNs: BigInt(finished) };
}

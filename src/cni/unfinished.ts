import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning } from './process-identity.ts';

const prefix = '.new-';

/**
 * The name of a file that is being written: it gets its own once it is whole, for a process may be
 * killed between making and writing it. One a process, whose writers do not run at the same time.
 */
export function unfinishedIn(folder: string): string {
  return join(folder, `${prefix}${process.pid}`);
}

/** Writes a file so that it is there whole or not at all. For state that a reboot makes void. */
export function writeWhole(path: string, text: string): void {
  const unfinished = unfinishedIn(dirname(path));
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
}

/** What killed processes left in a folder before it was whole. */
export function removeUnfinished(folder: string, names: readonly string[]): void {
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const pid = Number(name.slice(prefix.length));
    if (!isRunning(pid)) rmSync(join(folder, name), { force: true });
  }
}

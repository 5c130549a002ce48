import { watch } from 'node:fs';
import { DomainError, hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { CgroupFolder } from './folder.ts';
import { flatKeyed } from './interface-file.ts';

/** A key of cgroup.events and the value to wait for; a removed cgroup is not populated. */
export interface AwaitedState {
  readonly key: 'populated' | 'frozen';
  readonly value: 0 | 1;
}

const lookMs = 50;

/**
 * Resolves when cgroup.events shows the state. The kernel tells of changes by inotify, but not that
 * somebody else has removed the cgroup, so it looks now and then too. DomainError `timeout` after
 * `timeoutMs`.
 */
export async function waitForState(
  folder: CgroupFolder,
  state: AwaitedState,
  timeoutMs: number = limits.cgroupStateMs,
): Promise<void> {
  if (hasState(folder, state)) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const check = (): void => {
    try {
      if (hasState(folder, state)) resolve();
    } catch (error) {
      reject(error);
    }
  };
  const watcher = watchState(folder, check);
  const looker = setInterval(check, lookMs);
  const timer = setTimeout(() => {
    check();
    reject(tooLate(folder, state, timeoutMs));
  }, timeoutMs);
  try {
    // The change may have come before the watch.
    check();
    await promise;
  } finally {
    clearTimeout(timer);
    clearInterval(looker);
    watcher.close();
  }
}

/** Where no watch is to be had (fs.inotify.max_user_watches), it looks every 20 ms instead. */
function watchState(folder: CgroupFolder, check: () => void): { close(): void } {
  try {
    const watcher = watch(`${folder.ownPath}/cgroup.events`, check);
    watcher.on('error', check);
    return watcher;
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EMFILE', 'ENOENT', 'ENODEV')) throw error;
    const timer = setInterval(check, 20);
    return { close: () => clearInterval(timer) };
  }
}

/** Undefined when the cgroup has been removed. */
export function stateOf(folder: CgroupFolder, key: AwaitedState['key']): number | undefined {
  try {
    return flatKeyed(folder.read('cgroup.events')).get(key) ?? 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
}

function hasState(folder: CgroupFolder, { key, value }: AwaitedState): boolean {
  const present = stateOf(folder, key);
  if (present === undefined && key === 'frozen' && value === 1) {
    throw new DomainError('notFound', `Cgroup "${folder.path}" is gone`);
  }
  return (present ?? 0) === value;
}

function tooLate(folder: CgroupFolder, { key, value }: AwaitedState, timeoutMs: number): Error {
  const expected = `"${key} ${value}" in cgroup.events`;
  return new DomainError(
    'timeout',
    `Cgroup "${folder.path}" has not come to ${expected} in ${timeoutMs} ms`,
  );
}

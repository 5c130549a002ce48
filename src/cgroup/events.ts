import { watch, type FSWatcher } from 'node:fs';
import { hasCode } from '../base/error.ts';
import type { CgroupFolder } from './folder.ts';
import { flatKeyed } from './interface-file.ts';

/** Something that a limit did; `count` tells how often since the event before. */
export interface LimitEvent {
  readonly kind: (typeof counters)[number]['kind'];
  readonly count: number;
}

/** What has become of the processes: `empty` when the last has ended. */
export interface StateEvent {
  readonly kind: 'populated' | 'empty' | 'frozen' | 'thawed';
}

export type CgroupEvent = LimitEvent | StateEvent;

const counters = [
  // Reclaimed although below the guarantee.
  { file: 'memory.events', key: 'low', kind: 'memoryLow' },
  { file: 'memory.events', key: 'high', kind: 'memoryHigh' },
  { file: 'memory.events', key: 'max', kind: 'memoryMax' },
  // An allocation was about to fail.
  { file: 'memory.events', key: 'oom', kind: 'oom' },
  // Processes that the OOM killer has killed.
  { file: 'memory.events', key: 'oom_kill', kind: 'oomKill' },
  // Cgroups that were killed as a whole, for memory.oom.group.
  { file: 'memory.events', key: 'oom_group_kill', kind: 'oomGroupKill' },
  { file: 'memory.swap.events', key: 'max', kind: 'swapMax' },
  { file: 'memory.swap.events', key: 'fail', kind: 'swapFail' },
  { file: 'pids.events', key: 'max', kind: 'pidsMax' },
] as const;

const states = [
  { key: 'frozen', kinds: ['thawed', 'frozen'] },
  // After all counters, so that who sees it empty knows already of a kill.
  { key: 'populated', kinds: ['empty', 'populated'] },
] as const;

/** cgroup.events first: a kill is counted before the cgroup becomes empty, and so is read after. */
const files = ['cgroup.events', ...new Set(counters.map(({ file }) => file))];

/** Counters and states by `file key`. */
type Reading = ReadonlyMap<string, number>;

/**
 * Events of a cgroup and those below, from now on, until the signal ends it or the cgroup is
 * removed. The kernel tells of changes by inotify. Counters are read when the caller asks for the
 * next event, so a slow caller gets one event with a larger count, and nothing piles up.
 */
export function watchEvents(
  folder: CgroupFolder,
  signal: AbortSignal,
): AsyncGenerator<CgroupEvent, void, void> {
  // Watched before the caller asks for the first event, so that none from now on is missed.
  const watched = new WatchedFiles(folder, signal);
  return eventsOf(folder, watched, read(folder));
}

async function* eventsOf(
  folder: CgroupFolder,
  watched: WatchedFiles,
  first: Reading | undefined,
): AsyncGenerator<CgroupEvent, void, void> {
  using _ = watched;
  let last = first;
  // oxlint-disable-next-line no-await-in-loop: one change after the other
  while (await watched.change()) {
    const present = read(folder);
    if (present === undefined || last === undefined) return;
    yield* eventsBetween(last, present);
    last = present;
  }
}

/** What has happened between two readings. Pure. */
export function eventsBetween(last: Reading, present: Reading): CgroupEvent[] {
  const change = (name: string): number => (present.get(name) ?? 0) - (last.get(name) ?? 0);
  const limits = counters.flatMap(({ file, key, kind }): LimitEvent[] => {
    const count = change(`${file} ${key}`);
    return count > 0 ? [{ kind, count }] : [];
  });
  const changes = states.flatMap(({ key, kinds }): StateEvent[] => {
    const name = `cgroup.events ${key}`;
    return change(name) === 0 ? [] : [{ kind: kinds[present.get(name) === 1 ? 1 : 0] }];
  });
  return [...limits, ...changes];
}

/** Undefined when the cgroup has been removed. */
function read(folder: CgroupFolder): Reading | undefined {
  try {
    const values = files.flatMap((file) => {
      const text = file === 'cgroup.events' ? folder.read(file) : folder.readOptional(file);
      return [...flatKeyed(text ?? '')].map(([key, value]) => [`${file} ${key}`, value] as const);
    });
    return new Map(values);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
}

/** One pending change at most, however many the kernel tells of. */
class WatchedFiles implements Disposable {
  readonly #watchers: FSWatcher[] = [];
  readonly #signal: AbortSignal;
  #changed = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(folder: CgroupFolder, signal: AbortSignal) {
    this.#signal = signal;
    if (signal.aborted) return;
    signal.addEventListener('abort', this.#onAbort);
    for (const file of files) this.#watch(`${folder.ownPath}/${file}`);
  }

  /** Resolves at the next change; false when the signal has ended it. */
  async change(): Promise<boolean> {
    if (!this.#changed && !this.#signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    this.#changed = false;
    if (this.#failure !== undefined) throw this.#failure;
    return !this.#signal.aborted;
  }

  #watch(path: string): void {
    try {
      const watcher = watch(path, () => this.#mark());
      watcher.on('error', (error) => {
        this.#failure = error;
        this.#mark();
      });
      this.#watchers.push(watcher);
    } catch (error) {
      // A file of a controller that is not enabled.
      if (hasCode(error, 'ENOENT')) return;
      this[Symbol.dispose]();
      throw error;
    }
  }

  #mark(): void {
    this.#changed = true;
    this.#wake();
  }

  readonly #onAbort = (): void => {
    this[Symbol.dispose]();
    this.#wake();
  };

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    for (const watcher of this.#watchers) watcher.close();
  }
}

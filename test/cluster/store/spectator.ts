import type { Change } from '../../../src/store/store.ts';
import type { HostedStore } from './hosted-store.ts';
import type { History, SeenChange, WatchRecord } from './record.ts';
import { seen } from './workload.ts';

/** A watch that goes on after each failure where it was, and records what it is told. */
export class Spectator {
  readonly changes: SeenChange[] = [];
  /** Reasons of its ends, for the summary of a run. */
  readonly ends: string[] = [];
  after: number;
  readonly #store: HostedStore;
  readonly #history: History;
  readonly #prefix: string;
  readonly #delayMs: number;
  #running = true;
  #end: (() => void) | undefined;

  constructor(
    store: HostedStore,
    history: History,
    { prefix, after, delayMs }: { prefix: string; after: number; delayMs: number },
  ) {
    this.#store = store;
    this.#history = history;
    this.#prefix = prefix;
    this.#delayMs = delayMs;
    this.after = after;
  }

  stop(): void {
    this.#running = false;
    this.#end?.();
  }

  /** A new watch that may not go on is no fault; one that never does shows in the check. */
  async run(): Promise<void> {
    while (this.#running) {
      if (this.#store.isOpen) await this.#once();
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }

  #once(): Promise<void> {
    const record: WatchRecord = { prefix: this.#prefix, after: this.after, steps: [] };
    this.#history.watches.push(record);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end = resolve;
    const request = { prefix: this.#prefix, after: this.after, delayMs: this.#delayMs };
    let isOver = false;
    this.#store.watch(request, {
      onChanges: (changes) => {
        if (isOver || !this.#running) return;
        for (const change of changes) this.#see(change, record);
      },
      onProgress: (revision) => {
        if (!isOver && this.#running) record.steps.push({ progress: revision });
      },
      onEnd: (reason) => {
        isOver = true;
        this.ends.push(reason.message);
        resolve();
      },
    });
    return promise;
  }

  #see(change: Change, record: WatchRecord): void {
    const { deleted, previous } = change;
    const plain = { ...seen(change), deleted };
    const told =
      previous === undefined ? plain : { ...plain, previous: new TextDecoder().decode(previous) };
    record.steps.push({ change: told });
    this.changes.push(told);
    this.after = change.revision;
  }
}

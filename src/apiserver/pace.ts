import { limits } from '../base/limits.ts';

/**
 * When watches write. One that has just written waits with what comes next, so that a burst of
 * changes is one write for each watcher and not one for each change: the more watch, the longer.
 * All wait for the same moment, which is one timer.
 */
export class Pace {
  #watches = 0;
  #moment: Promise<void> | undefined;

  /** Counts a watch until it is disposed of. */
  join(): Disposable {
    this.#watches += 1;
    return { [Symbol.dispose]: () => void (this.#watches -= 1) };
  }

  /** Resolves when a watch that has written may write again. */
  async turn(): Promise<void> {
    const windowMs = Math.min(limits.apiWatchPaceMs, Math.floor(this.#watches / 10));
    // A timer would take longer than the few writes it saves.
    if (windowMs < 5) return;
    this.#moment ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#moment = undefined;
        resolve();
      }, windowMs);
    });
    await this.#moment;
  }
}

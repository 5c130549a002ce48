import type { HistoryLimit } from './driver.ts';
import type { PastChange } from './store.ts';

/** The newest changes of a key, oldest first, as many as fit. */
export class NewestChanges {
  readonly changes: PastChange[] = [];
  readonly #limit: HistoryLimit;
  #bytes = 0;

  constructor(limit: HistoryLimit) {
    this.#limit = limit;
  }

  /** False when it does not fit, and none before it would. */
  addOlder(change: PastChange): boolean {
    const bytes = this.#bytes + sizeOf(change);
    const fits = this.changes.length < this.#limit.changes && bytes <= this.#limit.bytes;
    if (!fits && this.changes.length > 0) return false;
    this.#bytes = bytes;
    this.changes.unshift(change);
    return true;
  }

  /** Drops the oldest ones that no longer fit. */
  addNewer(change: PastChange): void {
    this.changes.push(change);
    this.#bytes += sizeOf(change);
    while (this.changes.length > 1 && this.#isOver()) {
      const [oldest] = this.changes.splice(0, 1);
      if (oldest !== undefined) this.#bytes -= sizeOf(oldest);
    }
  }

  #isOver(): boolean {
    return this.changes.length > this.#limit.changes || this.#bytes > this.#limit.bytes;
  }
}

function sizeOf({ value, previous }: PastChange): number {
  return value.length + (previous?.length ?? 0);
}

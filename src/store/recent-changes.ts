import { limits } from '../base/limits.ts';
import type { Change } from './store.ts';

/** The newest changes, oldest first, bounded by number and by bytes: all watches share them. */
export class RecentChanges {
  /** Every change with a greater revision is here. */
  floor = 0;
  #changes: Change[] = [];
  /** Where in the array the oldest is; moving all at each change would cost more than a gap. */
  #first = 0;
  #bytes = 0;

  get count(): number {
    return this.#changes.length - this.#first;
  }

  /** Takes whole revisions, so that {@link floor} never cuts one in two. */
  add(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#changes.push(change);
      this.#bytes += sizeOf(change);
    }
    while (this.#isFull()) this.#dropOldestRevision();
    if (this.#first > 1_000 && this.#first * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#first);
      this.#first = 0;
    }
  }

  clear(floor: number): void {
    this.floor = floor;
    this.#changes = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /** Up to about `count` changes after a revision, which is not below {@link floor}. */
  after(revision: number, count: number): readonly Change[] {
    const start = this.#indexAfter(revision);
    let end = Math.min(start + count, this.#changes.length);
    while (end < this.#changes.length && this.#revisionAt(end) === this.#revisionAt(end - 1)) end++;
    return this.#changes.slice(start, end);
  }

  #isFull(): boolean {
    return this.count > limits.storeRecentChanges || this.#bytes > limits.storeRecentBytes;
  }

  #dropOldestRevision(): void {
    this.floor = this.#revisionAt(this.#first);
    while (this.#first < this.#changes.length && this.#revisionAt(this.#first) === this.floor) {
      const change = this.#changes[this.#first];
      if (change !== undefined) this.#bytes -= sizeOf(change);
      // The slot stays for a while; what it held must not.
      this.#changes[this.#first] = dropped;
      this.#first++;
    }
  }

  #indexAfter(revision: number): number {
    let [low, high] = [this.#first, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#revisionAt(middle) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #revisionAt(index: number): number {
    return this.#changes[index]?.revision ?? Number.POSITIVE_INFINITY;
  }
}

export function sizeOf({ key, value, previous }: Change): number {
  return 200 + key.length + value.length + (previous?.length ?? 0);
}

const dropped: Change = {
  key: '',
  value: new Uint8Array(),
  revision: 0,
  created: 0,
  deleted: true,
};

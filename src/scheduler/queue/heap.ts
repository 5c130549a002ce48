/** The smallest first; an entry that is to leave early is found by its own index. */
export class Heap<T extends { heapIndex: number }> {
  readonly #entries: T[] = [];
  readonly #before: (left: T, right: T) => boolean;

  constructor(before: (left: T, right: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#entries.length;
  }

  peek(): T | undefined {
    return this.#entries[0];
  }

  push(entry: T): void {
    entry.heapIndex = this.#entries.push(entry) - 1;
    this.#rise(entry.heapIndex);
  }

  pop(): T | undefined {
    const [first] = this.#entries;
    if (first !== undefined) this.delete(first);
    return first;
  }

  /** Does nothing when the entry is not in here. */
  delete(entry: T): void {
    const at = entry.heapIndex;
    if (this.#entries[at] !== entry) return;
    const last = this.#entries.pop();
    entry.heapIndex = -1;
    if (last === undefined || last === entry) return;
    this.#put(last, at);
    this.#rise(at);
    this.#sink(last.heapIndex);
  }

  #put(entry: T, at: number): void {
    this.#entries[at] = entry;
    entry.heapIndex = at;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, above)) return;
      at = above;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [this.#entries[left], this.#entries[left + 1]];
      if (one === undefined) return;
      const below = other !== undefined && this.#before(other, one) ? left + 1 : left;
      if (!this.#swapIfBefore(below, at)) return;
      at = below;
    }
  }

  /** Whether the lower one came before the upper one, and now lies above it. */
  #swapIfBefore(lower: number, upper: number): boolean {
    const [low, high] = [this.#entries[lower], this.#entries[upper]];
    if (low === undefined || high === undefined || !this.#before(low, high)) return false;
    this.#put(low, upper);
    this.#put(high, lower);
    return true;
  }
}

/**
 * The answer to a list without a filter: a kubelet asks for it every second, and mostly nothing has
 * changed. Its bytes are kept until an item has come, gone, or got another state.
 */
export class WholeList<Item extends object> {
  readonly #encode: (items: readonly Item[]) => Buffer;
  #items: readonly Item[] = [];
  #states: readonly number[] = [];
  #bytes: Buffer | undefined;

  /** An item is never changed, but replaced by another one. */
  constructor(encode: (items: readonly Item[]) => Buffer) {
    this.#encode = encode;
  }

  answer(items: readonly Item[], stateOf: (item: Item) => number): Buffer {
    if (this.#bytes !== undefined && this.#holds(items, stateOf)) return this.#bytes;
    this.#items = items;
    this.#states = items.map(stateOf);
    // A copy: what encoding has left behind may be twice as large.
    this.#bytes = Buffer.from(this.#encode(items));
    return this.#bytes;
  }

  #holds(items: readonly Item[], stateOf: (item: Item) => number): boolean {
    if (items.length !== this.#items.length) return false;
    return items.every(
      (item, index) => item === this.#items[index] && stateOf(item) === this.#states[index],
    );
  }
}

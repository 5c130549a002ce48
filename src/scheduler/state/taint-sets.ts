import type { Taint } from '../../api/types/generated/core-v1.ts';

/** Nodes mostly share a few lists of taints; each list has a number. 0 is the empty one. */
export class TaintSets {
  readonly lists: (readonly Taint[])[] = [[]];
  readonly #ids = new Map<string, number>([['[]', 0]]);

  idOf(taints: readonly Taint[]): number {
    if (taints.length === 0) return 0;
    const text = JSON.stringify(taints.map(({ key, value, effect }) => [key, value, effect]));
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.lists.push(taints) - 1;
    this.#ids.set(text, id);
    return id;
  }
}

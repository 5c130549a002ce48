import type { Node } from '../../api/types/generated/core-v1.ts';

/** Which images lie on which nodes, and how large they are there. */
export class NodeImages {
  readonly #sizes = new Map<string, Map<number, number>>();
  readonly #names = new Map<number, readonly string[]>();
  /** Counts changes. */
  generation = 0;

  set(slot: number, node: Node | undefined): void {
    const images = node?.status?.images ?? [];
    const sizes = new Map(
      images.flatMap(({ names, sizeBytes }) =>
        (names ?? []).map((name) => [imageName(name), sizeBytes ?? 0] as const),
      ),
    );
    if (this.#holds(slot, sizes)) return;
    this.generation += 1;
    for (const name of this.#names.get(slot) ?? []) this.#forget(name, slot);
    this.#names.delete(slot);
    if (sizes.size === 0) return;
    this.#names.set(slot, [...sizes.keys()]);
    for (const [name, size] of sizes) {
      const nodes = this.#sizes.get(name) ?? new Map<number, number>();
      this.#sizes.set(name, nodes.set(slot, size));
    }
  }

  /** Bytes by slot, of the nodes that have the image. */
  nodesWith(image: string): ReadonlyMap<number, number> | undefined {
    return this.#sizes.get(imageName(image));
  }

  #holds(slot: number, sizes: ReadonlyMap<string, number>): boolean {
    const names = this.#names.get(slot) ?? [];
    return (
      names.length === sizes.size &&
      names.every((name) => this.#sizes.get(name)?.get(slot) === sizes.get(name))
    );
  }

  #forget(name: string, slot: number): void {
    const nodes = this.#sizes.get(name);
    nodes?.delete(slot);
    if (nodes?.size === 0) this.#sizes.delete(name);
  }
}

/** A name without tag or digest means the tag `latest`. */
function imageName(name: string): string {
  return name.lastIndexOf(':') > name.lastIndexOf('/') ? name : `${name}:latest`;
}

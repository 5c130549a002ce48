import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/generated/core-v1.ts';
import type { StorageClass } from '../../api/types/generated/storage-v1.ts';

/** Claims, volumes and classes; and which claims the pods of each node use. */
export class Volumes {
  /** By `namespace/name`. */
  readonly claims = new Map<string, PersistentVolumeClaim>();
  readonly volumes = new Map<string, PersistentVolume>();
  readonly classes = new Map<string, StorageClass>();
  readonly #uses = new Map<string, Map<number, number>>();
  /** Counts changes of the three kinds. */
  generation = 0;

  setClaim(key: string, claim: PersistentVolumeClaim | undefined): void {
    this.generation += 1;
    if (claim === undefined) this.claims.delete(key);
    else this.claims.set(key, claim);
  }

  setVolume(name: string, volume: PersistentVolume | undefined): void {
    this.generation += 1;
    if (volume === undefined) this.volumes.delete(name);
    else this.volumes.set(name, volume);
  }

  setClass(name: string, storageClass: StorageClass | undefined): void {
    this.generation += 1;
    if (storageClass === undefined) this.classes.delete(name);
    else this.classes.set(name, storageClass);
  }

  use(claim: string, slot: number, by: 1 | -1): void {
    const slots = this.#uses.get(claim) ?? new Map<number, number>();
    const count = (slots.get(slot) ?? 0) + by;
    if (count > 0) slots.set(slot, count);
    else slots.delete(slot);
    if (slots.size > 0) this.#uses.set(claim, slots);
    else this.#uses.delete(claim);
  }

  /** The nodes with pods that use the claim. */
  users(claim: string): ReadonlyMap<number, number> | undefined {
    return this.#uses.get(claim);
  }
}

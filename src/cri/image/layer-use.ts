import { isDomainError } from '../../base/error.ts';
import type { ImageService } from '../../image/image-service.ts';

/** What a container's writable folder took when it was last looked at. */
export interface Use {
  readonly atMs: number;
  readonly bytes: number;
  readonly inodes: number;
}

/** Older ones are looked at again. */
const freshMs = 10_000;

/**
 * Sizes of writable folders. Counting walks the whole folder, and a kubelet asks for all of them
 * every ten seconds: it gets what is known at once, with its time, while the next count runs.
 */
export class LayerUse {
  readonly #images: Pick<ImageService, 'snapshotUse'>;
  readonly #known = new Map<string, Use>();
  readonly #counting = new Map<string, Promise<Use | undefined>>();

  constructor(images: Pick<ImageService, 'snapshotUse'>) {
    this.#images = images;
  }

  /** Waits only for the first count; undefined when the container has no folder any more. */
  async of(id: string): Promise<Use | undefined> {
    const known = this.#known.get(id);
    if (known === undefined) return await this.#count(id);
    if (Date.now() - known.atMs >= freshMs) {
      // A failure shows to who asks next, for then nothing is known.
      this.#count(id).catch(() => this.#known.delete(id));
    }
    return known;
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  #count(id: string): Promise<Use | undefined> {
    const running = this.#counting.get(id);
    if (running !== undefined) return running;
    const counting = this.#walk(id).finally(() => this.#counting.delete(id));
    this.#counting.set(id, counting);
    return counting;
  }

  async #walk(id: string): Promise<Use | undefined> {
    try {
      const use = { ...(await this.#images.snapshotUse(id)), atMs: Date.now() };
      this.#known.set(id, use);
      return use;
    } catch (error) {
      if (!isDomainError(error, 'notFound')) throw error;
      this.#known.delete(id);
      return undefined;
    }
  }
}

import type { ImageService } from '../../image/image-service.ts';

interface Counted {
  readonly atMs: number;
  readonly bytes: number;
}

const freshMs = 10_000;

/**
 * What all images take. Counting looks at every layer and blob; a kubelet that asks every few
 * seconds gets the last count at once, with its time, while the next one runs.
 */
export class ImageUse {
  readonly #images: Pick<ImageService, 'diskUse'>;
  #known: Counted | undefined;
  #counting: Promise<Counted> | undefined;

  constructor(images: Pick<ImageService, 'diskUse'>) {
    this.#images = images;
  }

  async get(): Promise<Counted> {
    const known = this.#known;
    if (known === undefined) return await this.#count();
    if (Date.now() - known.atMs >= freshMs) {
      // A failure shows to who asks next, for then nothing is known.
      this.#count().catch(() => (this.#known = undefined));
    }
    return known;
  }

  /** After a pull or a removal, whose effect is to be seen at once. */
  forget(): void {
    this.#known = undefined;
  }

  #count(): Promise<Counted> {
    this.#counting ??= this.#walk().finally(() => (this.#counting = undefined));
    return this.#counting;
  }

  async #walk(): Promise<Counted> {
    const { totalBytes } = await this.#images.diskUse();
    this.#known = { atMs: Date.now(), bytes: totalBytes };
    return this.#known;
  }
}

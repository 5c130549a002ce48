import type { Clock } from '../../../base/clock.ts';
import { DomainError, isDomainError } from '../../../base/error.ts';
import type { Logger } from '../../../base/log.ts';
import type * as cri from '../../../cri/generated/runtime.ts';
import type { KubeletConfiguration } from '../../config/kubelet-configuration.ts';
import type { ContainerRuntime } from '../../runtime/container-runtime.ts';
import { type FileSystemSpace, readSpace } from '../machine.ts';

export interface ImageCollectorOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  /** Names of images that are volumes of pods: no container is of them. */
  readonly mounted?: () => Iterable<string>;
  readonly configuration: Pick<
    KubeletConfiguration,
    | 'imageMinimumGCAge'
    | 'imageMaximumGCAge'
    | 'imageGCHighThresholdPercent'
    | 'imageGCLowThresholdPercent'
  >;
}

interface Seen {
  readonly detectedAt: number;
  usedAt: number;
}

/** Removes images that nothing uses, those used longest ago first, when the disk fills. */
export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  readonly #seen = new Map<string, Seen>();
  #looked = false;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
  }

  /** Removes as much as the thresholds ask for. Throws `exhausted` when that is not enough. */
  async collect(): Promise<void> {
    const { configuration, runtime, clock } = this.#options;
    const unused = await this.#unused();
    const maximum = configuration.imageMaximumGCAge;
    const isTooOld = (image: cri.Image) =>
      maximum > 0 && clock.now() - (this.#seen.get(image.id)?.usedAt ?? 0) > maximum;
    for (const image of unused.filter(isTooOld)) await this.#remove(image);
    const { image_filesystems: systems } = await runtime.imageFileSystem();
    const mountpoint = systems[0]?.fs_id?.mountpoint ?? '';
    if (mountpoint === '') return;
    const wanted = bytesToFree(await readSpace(mountpoint), configuration);
    if (wanted <= 0) return;
    const freed = await this.#free(
      unused.filter((image) => !isTooOld(image)),
      wanted,
    );
    if (freed >= wanted) return;
    const words =
      `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, ` +
      `but only found ${freed} bytes eligible to free.`;
    throw new DomainError('exhausted', words);
  }

  /** Removes all that nothing uses: the node is about to evict pods. */
  async collectAll(): Promise<void> {
    await this.#free(await this.#unused(), Infinity);
  }

  async #free(images: readonly cri.Image[], wanted: number): Promise<number> {
    let freed = 0;
    for (const image of images) {
      if (freed >= wanted) break;
      if (await this.#remove(image)) freed += image.size;
    }
    return freed;
  }

  async #remove(image: cri.Image): Promise<boolean> {
    const { runtime, log } = this.#options;
    try {
      await runtime.removeImage({ image: image.id });
    } catch (error) {
      if (isDomainError(error)) return false;
      throw error;
    }
    this.#seen.delete(image.id);
    log.info({ image: image.repo_tags[0] ?? image.id, bytes: image.size }, 'removed an image');
    return true;
  }

  /** Those that may go, in the order in which they should. */
  async #unused(): Promise<cri.Image[]> {
    const { runtime, clock, configuration } = this.#options;
    const now = clock.now();
    const [images, containers] = await Promise.all([
      runtime.listImages(),
      runtime.listContainers(),
    ]);
    const used = new Set(
      containers.flatMap(({ image, image_ref, image_id }) => [
        image?.image ?? '',
        image_ref,
        image_id,
      ]),
    );
    for (const image of new Set(this.#options.mounted?.())) {
      used.add((await runtime.imageStatus({ image }))?.id ?? '');
    }
    const isUsed = ({ id, repo_tags, repo_digests }: cri.Image) =>
      [id, ...repo_tags, ...repo_digests].some((name) => used.has(name));
    const present = new Set(images.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
    for (const image of images) {
      // What was there when we came is as old as can be.
      const first = { detectedAt: this.#looked ? now : 0, usedAt: 0 };
      const seen = this.#seen.get(image.id) ?? first;
      if (isUsed(image)) seen.usedAt = now;
      this.#seen.set(image.id, seen);
    }
    this.#looked = true;
    const seenOf = ({ id }: cri.Image) => this.#seen.get(id) ?? { detectedAt: now, usedAt: now };
    return images
      .filter((image) => !image.pinned && !isUsed(image))
      .filter((image) => now - seenOf(image).detectedAt >= configuration.imageMinimumGCAge)
      .toSorted((left, right) => {
        const [one, other] = [seenOf(left), seenOf(right)];
        return one.usedAt - other.usedAt || one.detectedAt - other.detectedAt;
      });
  }
}

/** What has to go so that use falls from above the high threshold to the low one. */
export function bytesToFree(
  { capacityBytes, availableBytes }: FileSystemSpace,
  {
    imageGCHighThresholdPercent: high,
    imageGCLowThresholdPercent: low,
  }: ImageCollectorOptions['configuration'],
): number {
  if (capacityBytes === 0) return 0;
  const usedPercent = 100 - Math.floor((availableBytes * 100) / capacityBytes);
  if (usedPercent < high) return 0;
  return Math.floor((capacityBytes * (100 - low)) / 100) - availableBytes;
}

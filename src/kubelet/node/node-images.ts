import type { ContainerImage } from '../../api/types/generated/core-v1.ts';
import type * as cri from '../../cri/generated/runtime.ts';

const namesOfOne = 5;

/** The largest images, by which a scheduler prefers nodes that have them; -1 is all. */
export function nodeImages(images: readonly cri.Image[], most: number): readonly ContainerImage[] {
  const sorted = images.toSorted((left, right) => right.size - left.size);
  return (most < 0 ? sorted : sorted.slice(0, most)).map((image) => ({
    names: [...image.repo_digests, ...image.repo_tags].slice(0, namesOfOne),
    sizeBytes: image.size,
  }));
}

import type { Digest } from '../image.ts';

/** Layers and blobs that work under way needs, though no record names them yet. */
export interface Leases {
  has(digest: Digest): boolean;
  hold(digests: Iterable<Digest>): Disposable;
}

export function makeLeases(): Leases {
  const counts = new Map<Digest, number>();
  return {
    has: (digest) => counts.has(digest),
    hold(digests) {
      const held = [...digests];
      for (const digest of held) counts.set(digest, (counts.get(digest) ?? 0) + 1);
      return {
        [Symbol.dispose]() {
          for (const digest of held.splice(0)) {
            const count = (counts.get(digest) ?? 1) - 1;
            if (count === 0) counts.delete(digest);
            else counts.set(digest, count);
          }
        },
      };
    },
  };
}

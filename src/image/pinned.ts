import { DomainError } from '../base/error.ts';
import type { Image } from './image.ts';
import { formatReference, parseReference, repositoryOf } from './reference.ts';

/** The setting `image.pinned`, with names made whole. Throws DomainError `invalid`. */
export function parsePinned(value: unknown): readonly string[] {
  if (!Array.isArray(value))
    throw new DomainError('invalid', 'image.pinned is not a list of names');
  return value.map((item: unknown) => {
    if (typeof item !== 'string') {
      throw new DomainError('invalid', 'image.pinned is not a list of names');
    }
    // A part of a name cannot be checked as a name.
    if (item.endsWith('*')) return item;
    const reference = parseReference(item);
    const { digest } = reference;
    // With both, the tag says nothing.
    if (digest !== undefined) return `${repositoryOf(reference)}@${digest}`;
    return formatReference(reference);
  });
}

/** Whether one of an image's names is pinned. */
export function isPinned(pinned: readonly string[], names: readonly string[]): boolean {
  return pinned.some((wanted) =>
    wanted.endsWith('*')
      ? names.some((name) => name.startsWith(wanted.slice(0, -1)))
      : names.includes(wanted),
  );
}

/** What the interface shows of an image under these settings. */
export function withPin(pinned: readonly string[], image: Image): Image {
  if (image.pinned || !isPinned(pinned, [...image.repoTags, ...image.repoDigests])) return image;
  return { ...image, pinned: true };
}

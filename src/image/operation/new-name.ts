import { DomainError } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import { parseReference } from '../reference.ts';
import { storedName } from '../store/image-store.ts';

/** The whole name that a person gives an image; none is allowed, a digest is not. */
export function newName(name: string | undefined): readonly string[] {
  if (name === undefined || name === '') return [];
  const reference = parseReference(name);
  if (reference.digest === undefined) return [storedName(reference)];
  throw new DomainError('invalid', `"${shortened(name)}" has a digest, which cannot be given`);
}

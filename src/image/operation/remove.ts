import { DomainError } from '../../base/error.ts';
import { isDigest, shortened } from '../digest.ts';
import type { Removal, RemoveOptions } from '../image-service.ts';
import type { Digest } from '../image.ts';
import { parseReference, repositoryOf } from '../reference.ts';
import { noSuchImage, storedName } from '../store/image-store.ts';
import type { ImageRecord } from '../store/image-record.ts';
import { collectGarbage, digestsOf } from './collect.ts';
import type { Context } from './context.ts';

/**
 * Removes a name, and the image with its last one; or by id the image with all its names. Docker's
 * rules: a container that uses the image, or an id with names in several repositories, need
 * `force`.
 */
export async function removeImage(
  context: Context,
  name: string,
  options: RemoveOptions = {},
): Promise<Removal> {
  const removal = await context.exclusive(async () => {
    const record = context.images.find(name);
    if (record === undefined) return await removeDamaged(context, name);
    const names = context.images.namesOf(record.id);
    const removed = options.all ? names : namesToRemove(name, names, options);
    if (removed.length < names.length) {
      for (const reference of removed) await context.images.removeName(reference);
      return { untagged: removed, deleted: [] };
    }
    refuseInUse(context, record, options);
    await context.images.remove(record.id);
    await collectGarbage(context, new Set(digestsOf(record)));
    return { untagged: removed, deleted: [record.id] };
  });
  // Large layers take a while; pulls that end meanwhile need not wait for that.
  await context.state.settled();
  return removal;
}

/** A record that cannot be read can still be removed by its id. */
async function removeDamaged({ images }: Context, name: string): Promise<Removal> {
  const id = name.startsWith('sha256:') ? name : `sha256:${name}`;
  if (!isDigest(id) || !images.isDamaged(id)) throw noSuchImage(name);
  await images.remove(id);
  return { untagged: [], deleted: [id] };
}

function namesToRemove(
  name: string,
  names: readonly string[],
  { force = false }: RemoveOptions,
): readonly string[] {
  const stored = referenceAmong(name, names);
  if (stored !== undefined) return withDigests(stored, names);
  const repositories = new Set(names.map((reference) => repositoryOf(parseReference(reference))));
  if (repositories.size > 1 && !force) {
    throw new DomainError(
      'conflict',
      `Cannot remove image "${shortened(name)}": it is named in several repositories; use force`,
    );
  }
  return names;
}

/** The stored name that was meant; undefined when the image was given by its id. */
function referenceAmong(name: string, names: readonly string[]): string | undefined {
  try {
    const stored = storedName(parseReference(name));
    return names.includes(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** With a repository's last tag go its digests, which only say where that tag came from. */
function withDigests(removed: string, names: readonly string[]): string[] {
  const repository = repositoryOf(parseReference(removed));
  const others = names.filter(
    (name) => name !== removed && repositoryOf(parseReference(name)) === repository,
  );
  const hasTags = others.some((name) => !name.includes('@'));
  return hasTags || removed.includes('@') ? [removed] : [removed, ...others];
}

export function refuseInUse(
  context: Context,
  { id }: ImageRecord,
  { force = false }: RemoveOptions,
): void {
  const user = usersOf(context, id)[0];
  if (user === undefined || force) return;
  const reason = `container "${shortened(user)}" uses it`;
  throw new DomainError('conflict', `Cannot remove image ${id}: ${reason}; use force`);
}

/** The containers that were made from an image. */
export function usersOf({ snapshots }: Context, id: Digest): string[] {
  const records = [...snapshots.records.values()];
  return records.filter(({ imageId }) => imageId === id).map((record) => record.id);
}

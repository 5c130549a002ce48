import type { Digest } from '../image.ts';
import { isPinned } from '../pinned.ts';
import { collectGarbage } from './collect.ts';
import type { Context } from './context.ts';
import { usersOf } from './remove.ts';

/** Removes images without a tag (with `all`: any) that no container uses, and all leftovers. */
export async function pruneImages(
  context: Context,
  { all = false }: { readonly all?: boolean } = {},
): Promise<{ removed: readonly Digest[]; freedBytes: number }> {
  const pruned = await context.exclusive(async () => {
    const removed: Digest[] = [];
    for (const { id, pinned } of context.images.images.values()) {
      const names = context.images.namesOf(id);
      const isTagged = names.some((name) => !name.includes('@'));
      const isPinnedNow = pinned || isPinned(context.settings.pinned, names);
      const isKept = isPinnedNow || (isTagged && !all) || usersOf(context, id).length > 0;
      if (isKept || context.leases.has(id)) continue;
      await context.images.remove(id);
      removed.push(id);
    }
    return { removed, freedBytes: await collectGarbage(context) };
  });
  await context.state.settled();
  return pruned;
}

import { hasCode, isKernelError } from '../src/base/error.ts';
import { type Connection, nftables, type Request } from '../src/netlink/index.ts';

/** The elements of a set; none when the set is not there. */
export async function elementsOf(
  connection: Connection,
  set: nftables.SetDefinition,
): Promise<readonly nftables.Element[]> {
  try {
    return await nftables.listElements(connection, set);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return [];
    throw error;
  }
}

/**
 * Removes the elements whose comment, their owner, is unwanted. They are found and removed at one
 * generation of the ruleset: meanwhile nobody can have got the same key.
 */
export async function removeElements(
  connection: Connection,
  setsOf: () => Promise<readonly nftables.SetDefinition[]>,
  unwanted: (comment: string | undefined) => boolean,
): Promise<void> {
  await inGeneration(connection, async () => {
    const changes: Request[] = [];
    for (const set of await setsOf()) {
      const elements = await elementsOf(connection, set);
      const gone = elements.filter(({ comment }) => unwanted(comment));
      changes.push(...nftables.deleteElements(set, gone));
    }
    return changes;
  });
}

/** The sets of a table; none when it, or nf_tables, is not there. */
export async function setsOf(
  connection: Connection,
  table: nftables.TableReference,
): Promise<readonly nftables.NftSet[]> {
  try {
    return await nftables.listSets(connection, table);
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'EINVAL', 'EOPNOTSUPP')) return [];
    throw error;
  }
}

const maximumAttempts = 50;

/** Plans from what is there and commits, again whenever somebody changed the ruleset meanwhile. */
export async function inGeneration(
  connection: Connection,
  plan: () => Promise<readonly Request[]>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { id } = await nftables.generation(connection);
    const changes = await plan();
    try {
      await nftables.commit(connection, changes, { generation: id });
      return;
    } catch (error) {
      if (!hasCode(error, 'ERESTART') || attempt >= maximumAttempts) throw error;
    }
  }
}

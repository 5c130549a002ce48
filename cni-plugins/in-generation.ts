import { hasCode } from '../src/base/error.ts';
import { type Connection, nftables, type Request } from '../src/netlink/index.ts';

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

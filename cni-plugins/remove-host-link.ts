import * as netlink from '../src/netlink/index.ts';
import { coalesced } from './coalesce.ts';

/**
 * Removes an interface of the host's namespace, by its index, and with a veth its peer. Concurrent
 * calls are one group delete, which takes the kernel as long as a single one. Succeeds when it is
 * gone already.
 */
export const removeHostLink: (index: number) => Promise<void> = coalesced(removeAll);

/** `ke`: far from the small numbers that administrators use. */
const firstGroup = 0x6b65_0000;
let groups = 0;

/** Connections of their own: others would wait behind a delete. Open as long as the process. */
class Lane {
  #connection: Promise<netlink.Connection> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when the kernel has done with what this lane was last given. */
  get idle(): Promise<this> {
    return this.#last.then(() => this);
  }

  run(indexes: readonly number[]): Promise<void> {
    const ended = this.#remove(indexes);
    this.#last = ended.catch(() => undefined);
    return ended;
  }

  async #remove(indexes: readonly number[]): Promise<void> {
    await removeBy(await (this.#connection ??= netlink.open()), indexes);
  }
}

/** Each holds a thread of the pool while the kernel cleans up; the pool has four. */
const lanes = [new Lane(), new Lane()];

/**
 * The kernel says that an interface is gone after a millisecond, and answers some 15 ms later:
 * until then it waits for others to let go of memory (rcu_barrier), which is no matter here.
 */
async function removeAll(indexes: readonly number[]): Promise<void> {
  const lane = await Promise.race(lanes.map(({ idle }) => idle));
  await using events = await netlink.subscribe(['link']);
  const ended = lane.run(indexes);
  const told = allGone(events, indexes).catch(() => false);
  await Promise.race([ended, told.then((all) => (all ? undefined : ended))]);
}

/** False when events were lost. */
async function allGone(
  events: AsyncIterable<netlink.RouteEvent | netlink.Resync>,
  indexes: readonly number[],
): Promise<boolean> {
  const left = new Set(indexes);
  for await (const event of events) {
    if (event.kind === 'resync') return false;
    if (event.kind === 'link' && event.action === 'removed') left.delete(event.link.index);
    if (left.size === 0) return true;
  }
  return false;
}

async function removeBy(host: netlink.Connection, indexes: readonly number[]): Promise<void> {
  const [only] = indexes;
  if (indexes.length === 1 && only !== undefined) {
    await netlink.link.remove(host, only);
    return;
  }
  const group = firstGroup + (groups++ & 0xffff);
  const requests = indexes.map((index) => netlink.link.setRequest(index, { group }));
  // What is refused is gone already: there is nothing else wrong with such a request.
  const refused = await host.batch(requests);
  const gone = refused.every(({ error }) => error.code === 'ENODEV');
  if (!gone) throw refused[0]?.error ?? new Error('no reason');
  await netlink.link.removeGroup(host, group);
}

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

/** A connection of its own: others would wait behind a delete. Open as long as the process. */
let connection: Promise<netlink.Connection> | undefined;

async function removeAll(indexes: readonly number[]): Promise<void> {
  const host = await (connection ??= netlink.open());
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

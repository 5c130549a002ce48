import { isKernelError } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { familyOf } from '../../src/cni/result.ts';
import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import { nftables, type Request } from '../../src/netlink/index.ts';
import { coalesced } from '../coalesce.ts';
import { netfilter } from '../netfilter.ts';
import { elementsOf, inGeneration, removeElements } from '../owned-elements.ts';
import { isStale, type Owner, tagOf } from '../owner.ts';
import { canonical, hostOf } from '../prefix.ts';
import type { Veth } from '../veth.ts';
import { sets, table, tableRequests } from './rules.ts';

export interface SpoofCheck {
  readonly owner: Owner;
  readonly veth: Veth;
  /** The gateway's addresses, in whose name the container may not speak. */
  readonly gateways: readonly string[];
}

/**
 * Lets a container send frames and ARP with its own link address alone. Beyond the reference, it
 * may not answer for its gateway, neither by ARP nor by neighbour discovery, and not advertise
 * itself as a router: with its own link address it could otherwise read what others send.
 */
export async function addSpoofCheck(check: SpoofCheck): Promise<void> {
  const connection = await netfilter();
  const elements = elementsFor(check);
  try {
    await nftables.commit(connection, elements);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT')) throw error;
    await inGeneration(connection, async () => {
      const tables = await nftables.listTables(connection, table.family);
      const missing = tables.every((one) => one.table !== table.table);
      return [...(missing ? tableRequests() : []), ...elements];
    });
  }
}

/** Succeeds when there is nothing. */
export async function removeSpoofCheck(owner: Owner): Promise<void> {
  await removeTagged(tagOf(owner));
}

/** Many at once are one look at the sets and one transaction. */
const removeTagged = coalesced<string>(async (tags) => {
  const gone = new Set(tags);
  await remove((comment) => comment !== undefined && gone.has(comment));
});

/** Removes what belongs to no valid attachment of a network. */
export async function collectSpoofChecks(
  networkName: string,
  valid: readonly AttachmentKey[],
): Promise<void> {
  await remove((comment) => isStale(comment, networkName, valid));
}

/** CHECK: throws CniError when the container is not watched. */
export async function checkSpoofCheck(owner: Owner): Promise<void> {
  const connection = await netfilter();
  const tag = tagOf(owner);
  for (const set of [sets.ports, sets.stations]) {
    const elements = await elementsOf(connection, set);
    if (elements.some(({ comment }) => comment === tag)) continue;
    throw new CniError(CniCode.internal, `"${owner.containerId}" is not in set ${set.set}`);
  }
}

async function remove(unwanted: (comment: string | undefined) => boolean): Promise<void> {
  const connection = await netfilter();
  await removeElements(connection, async () => Object.values(sets), unwanted);
}

function elementsFor({ owner, veth, gateways }: SpoofCheck): readonly Request[] {
  const comment = tagOf(owner);
  const port = veth.hostName;
  const names = (family: 4 | 6) =>
    gateways
      .filter((address) => familyOf(address) === family)
      .map((address) => ({ key: [port, canonical(hostOf(address))], comment }));
  return [
    ...nftables.addElements(sets.ports, [{ key: [port], comment }]),
    ...nftables.addElements(sets.stations, [{ key: [port, veth.containerMac], comment }]),
    ...nftables.addElements(sets.gateways4, names(4)),
    ...nftables.addElements(sets.gateways6, names(6)),
  ];
}

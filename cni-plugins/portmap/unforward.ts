import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import { type Connection, nftables, type Request } from '../../src/netlink/index.ts';
import { coalesced } from '../coalesce.ts';
import { netfilter } from '../netfilter.ts';
import { elementsOf, inGeneration, removeElements, setsOf } from '../owned-elements.ts';
import { isStale, type Owner, tagOf } from '../owner.ts';
import type { PortmapConfiguration } from './configuration.ts';
import { type Entry, planMasquerade, planPorts, type PodAddresses } from './plan.ts';
import { localnetSet, masqueradeSet, table } from './table.ts';

/** What one DEL knows; the pod's addresses are absent when the runtime has forgotten them. */
export interface Removal {
  readonly owner: Owner;
  readonly configuration: PortmapConfiguration;
  readonly addresses: PodAddresses | undefined;
  /** Interfaces of the host that go with the pod. */
  readonly devices: readonly string[];
}

/**
 * Removes what an attachment has; calls that come together are one transaction. A port that another
 * has by now is left: its element carries the other's name. Succeeds when there is nothing.
 */
export const unforward: (removal: Removal) => Promise<void> = coalesced(unforwardAll);

async function unforwardAll(removals: readonly Removal[]): Promise<void> {
  const connection = await netfilter();
  if ((await setsOf(connection, table)).length === 0) return;
  await inGeneration(connection, async () => {
    // Twice the same element is an error: two calls for one pod, or pods behind one interface.
    const changes = new Map<string, Request[]>();
    for (const removal of removals) {
      for (const { set, element } of await owned(connection, removal)) {
        const key = [{ key: element.key }];
        changes.set(JSON.stringify([set.set, element.key]), nftables.deleteElements(set, key));
      }
    }
    return [...changes.values()].flat();
  });
}

/** Removes what belongs to no valid attachment of a network, also what DEL could not know. */
export async function collect(networkName: string, valid: readonly AttachmentKey[]): Promise<void> {
  const connection = await netfilter();
  const ours = async () =>
    (await setsOf(connection, table)).flatMap((set) =>
      set.key === undefined ? [] : [{ ...set, key: set.key }],
    );
  await removeElements(connection, ours, (comment) => isStale(comment, networkName, valid));
}

async function owned(
  connection: Connection,
  { owner, configuration, addresses, devices }: Removal,
): Promise<readonly Entry[]> {
  const tag = tagOf(owner);
  const found: Entry[] = [];
  for (const family of [4, 6] as const) {
    const address = addresses?.[family];
    const ports = planPorts(configuration, family);
    const hidden = address === undefined ? [] : planMasquerade(configuration, family, address);
    for (const entry of [...ports, ...hidden]) {
      const element = await nftables.findElement(connection, entry.set, entry.element.key);
      if (element?.comment === tag) found.push(entry);
    }
    if (addresses !== undefined) continue;
    const set = masqueradeSet(family);
    const own = (await elementsOf(connection, set)).filter(({ comment }) => comment === tag);
    found.push(...own.map((element) => ({ set, element })));
  }
  for (const name of devices) {
    const element = await nftables.findElement(connection, localnetSet, [name]);
    if (element !== undefined) found.push({ set: localnetSet, element });
  }
  return found;
}

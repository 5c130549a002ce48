import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import { isKernelError } from '../../src/base/error.ts';
import { type Connection, nftables, type Request } from '../../src/netlink/index.ts';
import { inGeneration } from '../in-generation.ts';
import { netfilter } from '../netfilter.ts';
import { isStale, type Owner, tagOf } from '../owner.ts';
import type { PortmapConfiguration } from './configuration.ts';
import { elementsOf } from './forward.ts';
import { planMasquerade, planPorts, type PodAddresses } from './plan.ts';
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
 * Removes what attachments have, in one transaction for all of them. A port that another has by now
 * is left: its element carries the other's name. Succeeds when there is nothing.
 */
export async function unforward(removals: readonly Removal[]): Promise<void> {
  const connection = await netfilter();
  if (!(await tableExists(connection))) return;
  await inGeneration(connection, async () => {
    const changes: Request[] = [];
    for (const removal of removals) changes.push(...(await owned(connection, removal)));
    return changes;
  });
}

/** Removes what belongs to no valid attachment of a network, also what DEL could not know. */
export async function collect(networkName: string, valid: readonly AttachmentKey[]): Promise<void> {
  const connection = await netfilter();
  if (!(await tableExists(connection))) return;
  await inGeneration(connection, async () => {
    const changes: Request[] = [];
    for (const { key, ...set } of await nftables.listSets(connection, table)) {
      if (key === undefined) continue;
      const known = { ...set, key };
      const elements = await elementsOf(connection, known);
      const stale = elements.filter(({ comment }) => isStale(comment, networkName, valid));
      changes.push(
        ...nftables.deleteElements(
          known,
          stale.map((one) => ({ key: one.key })),
        ),
      );
    }
    return changes;
  });
}

export async function tableExists(connection: Connection): Promise<boolean> {
  try {
    const tables = await nftables.listTables(connection, table.family);
    return tables.some((one) => one.table === table.table);
  } catch (error) {
    // A kernel without nf_tables has nothing of ours.
    if (isKernelError(error, 'EINVAL', 'EOPNOTSUPP')) return false;
    throw error;
  }
}

async function owned(
  connection: Connection,
  { owner, configuration, addresses, devices }: Removal,
): Promise<readonly Request[]> {
  const tag = tagOf(owner);
  const changes: Request[] = [];
  for (const family of [4, 6] as const) {
    const address = addresses?.[family];
    const ports = planPorts(configuration, family);
    const hidden = address === undefined ? [] : planMasquerade(configuration, family, address);
    for (const { set, element } of [...ports, ...hidden]) {
      const found = await nftables.findElement(connection, set, element.key);
      if (found?.comment !== tag) continue;
      changes.push(...nftables.deleteElements(set, [{ key: element.key }]));
    }
    if (addresses !== undefined) continue;
    const set = masqueradeSet(family);
    const own = (await elementsOf(connection, set)).filter(({ comment }) => comment === tag);
    changes.push(
      ...nftables.deleteElements(
        set,
        own.map(({ key }) => ({ key })),
      ),
    );
  }
  for (const name of devices) {
    const found = await nftables.findElement(connection, localnetSet, [name]);
    if (found !== undefined) changes.push(...nftables.deleteElements(localnetSet, [found]));
  }
  return changes;
}

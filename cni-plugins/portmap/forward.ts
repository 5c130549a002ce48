import { isKernelError } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { type Connection, nftables, type Request } from '../../src/netlink/index.ts';
import { netfilter } from '../netfilter.ts';
import { elementsOf, inGeneration } from '../owned-elements.ts';
import { type Owner, tagOf } from '../owner.ts';
import { describeMapping, type Entry } from './plan.ts';
import {
  generalMap,
  localnetSet,
  masqueradeSet,
  missingParts,
  type Slot,
  specificMap,
  table,
} from './table.ts';

/**
 * Makes an attachment's elements in one transaction, and what of the table they need. Throws
 * CniError 11 with the owner's name when a port is another's.
 */
export async function forward(
  owner: Owner,
  entries: readonly Entry[],
  localnet: string | undefined,
): Promise<void> {
  const connection = await netfilter();
  await refuseOverlaps(connection, owner, entries);
  const comment = tagOf(owner);
  const created = [
    ...inSets(entries).flatMap(([set, elements]) =>
      nftables.createElements(
        set,
        elements.map((element) => ({ ...element, comment })),
      ),
    ),
    ...(localnet === undefined ? [] : nftables.addElements(localnetSet, [{ key: [localnet] }])),
  ];
  try {
    await nftables.commit(connection, created);
  } catch (error) {
    // Usual: the table is there, and the ports are free.
    if (!isKernelError(error, 'ENOENT', 'EEXIST', 'ENOTEMPTY')) throw error;
    await inGeneration(connection, async () => [
      ...(await missing(connection, entries)),
      ...(await replaced(connection, owner, entries)),
      ...created,
    ]);
  }
}

/** One message can hold many elements of a set. */
export function inSets(
  entries: readonly Entry[],
): readonly (readonly [nftables.SetDefinition, readonly nftables.Element[]])[] {
  const found = new Map<string, [nftables.SetDefinition, nftables.Element[]]>();
  for (const { set, element } of entries) {
    const part = found.get(set.set);
    if (part === undefined) found.set(set.set, [set, [element]]);
    else part[1].push(element);
  }
  return [...found.values()];
}

/** A port of one address and the same port of all addresses exclude each other. */
async function refuseOverlaps(
  connection: Connection,
  owner: Owner,
  entries: readonly Entry[],
): Promise<void> {
  const tag = tagOf(owner);
  const listed = new Map<string, readonly nftables.Element[]>();
  for (const { mapping, slot } of entries) {
    if (mapping === undefined || slot === undefined) continue;
    const { protocol, hostPort, hostIp } = mapping;
    if (hostIp !== undefined) {
      const found = await nftables.findElement(connection, generalMap(slot), [protocol, hostPort]);
      if (found !== undefined && found.comment !== tag) refuseTaken(mapping, found);
      continue;
    }
    const set = specificMap(slot);
    const specific = listed.get(set.set) ?? (await elementsOf(connection, set));
    listed.set(set.set, specific);
    const taken = specific.find(
      ({ key, comment }) => key[1] === protocol && key[2] === hostPort && comment !== tag,
    );
    if (taken !== undefined) refuseTaken(mapping, taken);
  }
}

async function missing(connection: Connection, entries: readonly Entry[]): Promise<Request[]> {
  const slots = new Map<string, Slot>();
  for (const { slot } of entries) if (slot?.conditions) slots.set(generalMap(slot).set, slot);
  const rules = await nftables.listRules(connection, table);
  return missingParts(rules, [...slots.values()]);
}

/**
 * Removes what stands in the way: ports of an earlier ADD of the same attachment, and what the last
 * pod with this address left in the masquerade set.
 */
async function replaced(
  connection: Connection,
  owner: Owner,
  entries: readonly Entry[],
): Promise<Request[]> {
  const tag = tagOf(owner);
  const gone: Request[] = [];
  for (const { set, element, mapping } of entries) {
    if (mapping === undefined) continue;
    const found = await nftables.findElement(connection, set, element.key);
    if (found === undefined) continue;
    if (found.comment !== tag) refuseTaken(mapping, found);
    gone.push(...nftables.deleteElements(set, [{ key: element.key }]));
  }
  for (const family of [4, 6] as const) {
    const set = masqueradeSet(family);
    const own = entries.filter((entry) => entry.set.set === set.set);
    if (own.length === 0) continue;
    const pods = new Set(own.map(({ element }) => element.key[1]));
    const stale = (await elementsOf(connection, set)).filter(({ key }) => pods.has(key[1] ?? ''));
    gone.push(
      ...nftables.deleteElements(
        set,
        stale.map(({ key }) => ({ key })),
      ),
    );
  }
  return gone;
}

function refuseTaken(
  mapping: Parameters<typeof describeMapping>[0],
  { comment = 'an element without a name' }: nftables.Element,
): never {
  const holder = comment.replace(/^keelson\//, '');
  throw new CniError(
    CniCode.tryAgainLater,
    `${describeMapping(mapping)} is taken by ${holder}`,
    'network/container/interface; the port is free again when that one is deleted',
  );
}

import { isKernelError } from '../../src/base/error.ts';
import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import { familyOf } from '../../src/cni/result.ts';
import { type Connection, nftables, type Request } from '../../src/netlink/index.ts';
import { netfilter } from '../netfilter.ts';
import { elementsOf, inGeneration, removeElements } from '../owned-elements.ts';
import { isStale, type Owner, tagOf } from '../owner.ts';
import { canonical, hostOf } from '../prefix.ts';

const { statement } = nftables;

const table = {
  family: 'inet',
  table: 'keelson_firewall',
  comment: 'keelson: what is forwarded to and from pods',
} as const;
const chain = { ...table, chain: 'forward' } as const;

/** Addresses of pods, with their owners. */
const podSets = {
  4: { ...table, set: 'pods4', key: ['ipv4_addr'], comment: 'addresses of pods' },
  6: { ...table, set: 'pods6', key: ['ipv6_addr'], comment: 'addresses of pods' },
} as const;

/** Bridges that take no connections from each other, and as pairs those that have none within. */
const bridges = {
  ...table,
  set: 'bridges',
  key: ['ifname'],
  comment: 'not among each other',
} as const;
const same = {
  ...table,
  set: 'within',
  key: ['ifname', 'ifname'],
  comment: 'each bridge with itself',
} as const;
const closed = {
  ...table,
  set: 'closed',
  key: ['ifname', 'ifname'],
  comment: 'bridges that are closed within as well',
} as const;

export interface Openings {
  readonly owner: Owner;
  readonly addresses: readonly string[];
  readonly adminChain: string;
}

/** Lets a pod's connections through, in one transaction. */
export async function openFor({ owner, addresses, adminChain }: Openings): Promise<void> {
  const connection = await netfilter();
  const comment = tagOf(owner);
  const elements = addresses.map((address) => elementOf(address, comment));
  await ensured(connection, adminChain, {
    first: elements.flatMap(([set, element]) => nftables.createElements(set, [element])),
    // What the last pod of that address left is replaced: its comment would stay.
    again: elements.flatMap(([set, element]) => [
      ...nftables.addElements(set, [{ key: element.key }]),
      ...nftables.deleteElements(set, [{ key: element.key }]),
      ...nftables.addElements(set, [element]),
    ]),
  });
}

/** Closes a bridge to other such bridges, and within if asked for. */
export async function isolate(
  bridge: string,
  { within, adminChain }: { readonly within: boolean; readonly adminChain: string },
): Promise<void> {
  const connection = await netfilter();
  const added = [
    ...nftables.addElements(bridges, [{ key: [bridge] }]),
    ...nftables.addElements(same, [{ key: [bridge, bridge] }]),
    ...(within ? nftables.addElements(closed, [{ key: [bridge, bridge] }]) : []),
  ];
  await ensured(connection, adminChain, { first: added, again: added });
}

/** Whether each address of an owner is let through, and the bridge closed as it should be. */
export async function isOpenFor({ owner, addresses }: Openings): Promise<boolean> {
  const connection = await netfilter();
  const tag = tagOf(owner);
  for (const address of addresses) {
    const [set, { key }] = elementOf(address, tag);
    const found = await nftables.findElement(connection, set, key);
    if (found?.comment !== tag) return false;
  }
  return true;
}

export async function isIsolated(bridge: string, within: boolean): Promise<boolean> {
  const connection = await netfilter();
  const set = within ? closed : same;
  return (await nftables.findElement(connection, set, [bridge, bridge])) !== undefined;
}

/** By the owner's mark alone: an address may be another's by now. */
export async function closeFor(owner: Owner, addresses: readonly string[]): Promise<void> {
  const connection = await netfilter();
  const tag = tagOf(owner);
  if (addresses.length === 0) {
    await removeElements(connection, ours, (comment) => comment === tag);
    return;
  }
  await inGeneration(connection, async () => {
    const changes: Request[] = [];
    for (const address of addresses) {
      const [set, { key }] = elementOf(address, tag);
      const found = await nftables.findElement(connection, set, key);
      if (found?.comment === tag) changes.push(...nftables.deleteElements(set, [{ key }]));
    }
    return changes;
  });
}

export async function collect(networkName: string, valid: readonly AttachmentKey[]): Promise<void> {
  await removeElements(await netfilter(), ours, (tag) => isStale(tag, networkName, valid));
}

/** Forgets the bridges that are gone: another of that name may come. */
export async function forgetBridges(living: ReadonlySet<string>): Promise<void> {
  const connection = await netfilter();
  await inGeneration(connection, async () => {
    const changes: Request[] = [];
    for (const set of [bridges, same, closed]) {
      const elements = await elementsOf(connection, set);
      const gone = elements.filter(
        ({ key: [name] }) => typeof name !== 'string' || !living.has(name),
      );
      changes.push(...nftables.deleteElements(set, gone));
    }
    return changes;
  });
}

async function ours(): Promise<readonly nftables.SetDefinition[]> {
  return Promise.resolve([podSets[4], podSets[6]]);
}

function elementOf(address: string, comment: string) {
  return [podSets[familyOf(address)], { key: [canonical(hostOf(address))], comment }] as const;
}

interface Attempts {
  readonly first: readonly Request[];
  readonly again: readonly Request[];
}

/** Usual: the table is there, and nobody has the addresses. */
async function ensured(
  connection: Connection,
  adminChain: string,
  { first, again }: Attempts,
): Promise<void> {
  try {
    await nftables.commit(connection, first);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT', 'EEXIST')) throw error;
    await inGeneration(connection, async () => {
      const present = await nftables.listRules(connection, chain);
      const missing = rulesFor(adminChain).filter(({ comment }) =>
        present.every((rule) => rule.comment !== comment),
      );
      return [
        ...parts(adminChain),
        ...missing.map(({ first, ...rule }) =>
          first === true ? nftables.insertRule(rule) : nftables.addRule(rule),
        ),
        ...again,
      ];
    });
  }
}

function parts(adminChain: string): Request[] {
  return [
    nftables.addTable(table),
    ...[podSets[4], podSets[6], bridges, same, closed].map((set) => nftables.addSet(set)),
    nftables.addChain({ ...table, chain: adminChain, comment: "the administrator's own rules" }),
    nftables.addChain({ ...chain, base: { type: 'filter', hook: 'forward', priority: 0 } }),
  ];
}

interface OurRule extends nftables.NewRule {
  readonly comment: string;
  readonly first?: boolean;
}

/** What the administrator says first, then isolation, then the pods' own connections. */
function rulesFor(adminChain: string): OurRule[] {
  const pair = ['inputInterface', 'outputInterface'] as const;
  const drop = statement.verdict('drop');
  const accept = statement.verdict('accept');
  const admin = [statement.verdict('jump', adminChain)];
  return [
    { ...chain, comment: `admin ${adminChain}`, expressions: admin, first: true },
    {
      ...chain,
      comment: 'bridges are closed within',
      expressions: [statement.inSet(pair, closed.set), drop],
    },
    {
      ...chain,
      comment: 'bridges are closed to each other',
      expressions: [
        statement.inSet(['inputInterface'], bridges.set),
        statement.inSet(['outputInterface'], bridges.set),
        statement.inSet(pair, same.set, 'neq'),
        drop,
      ],
    },
    ...([4, 6] as const).flatMap((family) => [
      {
        ...chain,
        comment: `answers to pods, IPv${family}`,
        expressions: [
          statement.version(family),
          statement.inSet([family === 4 ? 'destinationIp' : 'destinationIp6'], podSets[family].set),
          statement.connectionState('established', 'related'),
          accept,
        ],
      },
      {
        ...chain,
        comment: `from pods, IPv${family}`,
        expressions: [
          statement.version(family),
          statement.inSet([family === 4 ? 'sourceIp' : 'sourceIp6'], podSets[family].set),
          accept,
        ],
      },
    ]),
  ];
}

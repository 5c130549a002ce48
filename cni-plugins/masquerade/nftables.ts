import { isKernelError } from '../../src/base/error.ts';
import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import { nftables, type Connection, type Request } from '../../src/netlink/index.ts';
import { coalesced } from '../coalesce.ts';
import { netfilter } from '../netfilter.ts';
import { elementsOf, inGeneration, removeElements, setsOf } from '../owned-elements.ts';
import { isStale, type Owner, tagOf } from '../owner.ts';
import { canonical, hostOf, networkOf } from '../prefix.ts';

const { statement } = nftables;

const table = {
  family: 'inet',
  table: 'keelson_masquerade',
  comment: 'keelson: containers to the world in the address of their host',
} as const;
const chain = { ...table, chain: 'postrouting' } as const;
const sourceNatPriority = 100;

/**
 * Every network of containers has a set of their addresses and one rule. Elements carry their
 * owner as comment. A rule a container, as the reference has it, makes every first packet pass all
 * of them; here a look-up in a hash decides, and an ADD creates one element.
 */
export async function addMasquerade(owner: Owner, addresses: readonly string[]): Promise<void> {
  const connection = await netfilter();
  const comment = tagOf(owner);
  const created = addresses.flatMap((address) => createElement(address, comment));
  try {
    await nftables.commit(connection, created);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT', 'EEXIST')) throw error;
    const replaced = addresses.flatMap((address) => replaceElement(address, comment));
    const networks = [...new Set(addresses.map(networkOf))];
    await inGeneration(connection, async () => [
      ...(await missingParts(connection, networks)),
      ...replaced,
    ]);
  }
}

/** Removes what an owner has, by its mark alone: its address may be another's by now. */
export async function removeMasquerade(owner: Owner): Promise<void> {
  await removeTagged(tagOf(owner));
}

/** Many at once are one look at the sets and one transaction. */
const removeTagged = coalesced<string>(async (tags) => {
  const gone = new Set(tags);
  const connection = await netfilter();
  await removeElements(
    connection,
    () => ourSets(connection),
    (comment) => comment !== undefined && gone.has(comment),
  );
});

/** Removes what belongs to no valid attachment of a network. */
export async function collectMasquerade(
  networkName: string,
  valid: readonly AttachmentKey[],
): Promise<void> {
  const connection = await netfilter();
  await removeElements(
    connection,
    () => ourSets(connection),
    (comment) => isStale(comment, networkName, valid),
  );
}

/** Whether each address of an owner is masqueraded. */
export async function hasMasquerade(owner: Owner, addresses: readonly string[]): Promise<boolean> {
  const connection = await netfilter();
  const tag = tagOf(owner);
  for (const address of addresses) {
    const elements = await elementsOf(connection, setOf(networkOf(address)));
    const key = canonical(hostOf(address));
    if (!elements.some((one) => one.comment === tag && one.key[0] === key)) return false;
  }
  return true;
}

function createElement(address: string, comment: string): Request[] {
  return nftables.createElements(setOf(networkOf(address)), [
    { key: [canonical(hostOf(address))], comment },
  ]);
}

/** Takes the element from a stale owner: adding alone would leave the comment as it is. */
function replaceElement(address: string, comment: string): Request[] {
  const set = setOf(networkOf(address));
  const key = [canonical(hostOf(address))];
  return [
    ...nftables.addElements(set, [{ key }]),
    ...nftables.deleteElements(set, [{ key }]),
    ...nftables.addElements(set, [{ key, comment }]),
  ];
}

function setOf(network: string) {
  const six = network.includes(':');
  // A colon cannot stand in a name that `nft` reads back.
  const set = `pods${six ? 6 : 4}_${network.replaceAll(':', '-')}`;
  return { ...table, set, key: [six ? 'ipv6_addr' : 'ipv4_addr'], comment: network } as const;
}

async function missingParts(
  connection: Connection,
  networks: readonly string[],
): Promise<readonly Request[]> {
  const rules = await nftables.listRules(connection, chain);
  const base = { type: 'nat', hook: 'postrouting', priority: sourceNatPriority } as const;
  return [
    nftables.addTable(table),
    nftables.addChain({ ...chain, base }),
    ...networks.map((network) => nftables.addSet(setOf(network))),
    ...networks
      .filter((network) => rules.every(({ comment }) => comment !== network))
      .map((network) => nftables.addRule(ruleOf(network))),
  ];
}

/**
 * Ports are chosen at random: with the kernel's usual choice, two connections begun at once on two
 * processors may get the same one, and the second is lost (kubernetes/kubernetes#56903).
 */
function ruleOf(network: string) {
  const six = network.includes(':');
  return {
    ...chain,
    comment: network,
    expressions: [
      statement.version(six ? 6 : 4),
      statement.inSet([six ? 'sourceIp6' : 'sourceIp'], setOf(network).set),
      ...(network.endsWith('/0') ? [] : [statement.destination(network, 'neq')]),
      statement.destination(six ? 'ff00::/8' : '224.0.0.0/4', 'neq'),
      statement.masquerade({ fullyRandom: true }),
    ],
  };
}

/** The network stands in each set's comment. */
async function ourSets(connection: Connection): Promise<readonly nftables.SetDefinition[]> {
  const sets = await setsOf(connection, table);
  return sets.flatMap(({ comment }) => (comment === undefined ? [] : [setOf(comment)]));
}

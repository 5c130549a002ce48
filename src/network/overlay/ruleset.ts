import { isKernelError } from '../../base/error.ts';
import { type Connection, nftables, type Request } from '../../netlink/index.ts';

/** A whole table of nf_tables as it should be. */
export interface Ruleset {
  readonly table: nftables.TableReference & { readonly comment: string };
  readonly sets: readonly RulesetSet[];
  readonly chains: readonly RulesetChain[];
}

export interface RulesetSet {
  readonly name: string;
  readonly key: 'ipv4_addr' | 'ipv6_addr';
  /** Elements are prefixes. */
  readonly interval?: boolean;
  readonly elements: readonly string[];
}

export interface RulesetChain {
  readonly name: string;
  readonly base: nftables.BaseChain;
  readonly rules: readonly RulesetRule[];
}

export interface RulesetRule {
  /** Says all that the rule says: a rule is known to be the wanted one by it. */
  readonly comment: string;
  readonly expressions: nftables.NewRule['expressions'];
}

/** Whether the kernel has it so, to the last element. */
export async function hasRuleset(connection: Connection, wanted: Ruleset): Promise<boolean> {
  const chains = await nftables.listChains(connection, wanted.table);
  const rules = await nftables.listRules(connection, wanted.table);
  if (chains.length !== wanted.chains.length) return false;
  for (const { name, rules: planned } of wanted.chains) {
    const present = rules.filter(({ chain }) => chain === name).map(({ comment }) => comment);
    if (!chains.some(({ chain }) => chain === name)) return false;
    if (!sameList(present, planned.map(commentOf))) return false;
  }
  for (const set of wanted.sets) {
    const present = await elementsOf(connection, wanted, set);
    if (!sameList(present?.toSorted(), set.elements.toSorted())) return false;
  }
  return true;
}

/**
 * Makes the table so in one transaction: no packet sees it half, nor the time between the old and
 * the new one. What connections are tracked goes on as it is.
 */
export async function replaceRuleset(connection: Connection, wanted: Ruleset): Promise<void> {
  await nftables.commit(connection, [
    ...nftables.destroyTable(wanted.table),
    nftables.addTable(wanted.table),
    ...wanted.sets.flatMap((set) => setRequests(wanted, set)),
    ...wanted.chains.flatMap((chain) => chainRequests(wanted, chain)),
  ]);
}

function setRequests(wanted: Ruleset, set: RulesetSet): Request[] {
  const definition = definitionOf(wanted, set);
  const elements = set.elements.map((text) => ({ key: [text], comment: text }));
  return [nftables.addSet(definition), ...nftables.addElements(definition, elements)];
}

function chainRequests({ table }: Ruleset, { name, base, rules }: RulesetChain): Request[] {
  const chain = { family: table.family, table: table.table, chain: name };
  return [
    nftables.addChain({ ...chain, base }),
    ...rules.map((rule) => nftables.addRule({ ...chain, ...rule })),
  ];
}

function definitionOf({ table }: Ruleset, set: RulesetSet): nftables.SetDefinition {
  const { name, key, interval = false } = set;
  return { family: table.family, table: table.table, set: name, key: [key], interval };
}

async function elementsOf(
  connection: Connection,
  wanted: Ruleset,
  set: RulesetSet,
): Promise<readonly string[] | undefined> {
  try {
    const found = await nftables.listElements(connection, definitionOf(wanted, set));
    return found.map(({ comment = '' }) => comment);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function commentOf({ comment }: RulesetRule): string {
  return comment;
}

function sameList(
  one: readonly (string | undefined)[] | undefined,
  other: readonly string[],
): boolean {
  return one?.length === other.length && other.every((text, index) => one[index] === text);
}

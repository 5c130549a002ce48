import { AttributeTable } from '../attribute.ts';
import { be32, be64, binary, list, named, nested, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { flag, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import {
  change,
  familyIn,
  genericHeaderBytes,
  question,
  type TableFamily,
  type TableReference,
} from './message.ts';
import { commentType, decodeComment, encodeComment } from './user-data.ts';

/** linux/netfilter.h: the hooks of the IP families, of arp and bridge (as IP), and of netdev. */
const hooks = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
const arpHooks = { input: 0, output: 1, forward: 2 } as const;
const netdevHooks = { ingress: 0, egress: 1 } as const;
const inetIngress = 5;
export type Hook = keyof typeof hooks | 'ingress' | 'egress';

const policies = { drop: 0, accept: 1 } as const;

/** NFTA_HOOK_*. */
const hookAttributes = new AttributeTable({
  number: [1, be32],
  priority: [2, be32],
  device: [3, text],
  devices: [4, list(1, text)],
});

/** NFTA_CHAIN_*. */
const attributes = new AttributeTable({
  table: [1, text],
  handle: [2, be64],
  name: [3, text],
  hook: [4, nested(hookAttributes)],
  policy: [5, named(be32, policies)],
  use: [6, be32],
  type: [7, text],
  flags: [10, be32],
  userData: [12, binary],
});

export interface ChainReference extends TableReference {
  readonly chain: string;
}

/** Where a base chain sees packets; others see what is sent to them by `jump` and `goto`. */
export interface BaseChain {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: Hook;
  /** Lower comes first: -300 raw, -150 mangle, -100 dstnat, 0 filter, 100 srcnat. */
  readonly priority: number;
  readonly policy?: 'accept' | 'drop';
  /** For the hooks ingress and egress. */
  readonly device?: string;
}

export interface Chain extends ChainReference {
  readonly handle: bigint;
  readonly base?: BaseChain;
  readonly comment?: string;
}

export interface NewChain extends ChainReference {
  readonly base?: BaseChain;
  readonly comment?: string;
}

/** Does nothing when an equal chain is there. `nft add chain FAMILY TABLE NAME { ... }`. */
export function addChain(chain: NewChain): Request {
  const { base } = chain;
  return change('NEWCHAIN', {
    family: chain.family,
    flags: flag.create,
    object: nameOf(chain),
    write: (writer) =>
      attributes.write(writer, {
        table: chain.table,
        name: chain.chain,
        userData: encodeComment(commentType.chain, chain.comment),
        hook: base && {
          number: hookNumber(chain.family, base.hook),
          priority: base.priority >>> 0,
          device: base.device,
        },
        policy: base?.policy,
        type: base?.type,
      }),
  });
}

/** EBUSY while a rule or map refers to it. `nft delete chain FAMILY TABLE NAME`. */
export function deleteChain(chain: ChainReference): Request {
  return change('DELCHAIN', {
    family: chain.family,
    object: nameOf(chain),
    write: (writer) => attributes.write(writer, { table: chain.table, name: chain.chain }),
  });
}

/** The chains of one table, or of all. `nft list chains`. */
export async function listChains(
  connection: Connection,
  filter: Partial<TableReference> = {},
): Promise<Chain[]> {
  const all = await connection.transact(question('GETCHAIN', { family: filter.family }), readChain);
  return all.filter(({ table }) => filter.table === undefined || table === filter.table);
}

/** Decodes NFT_MSG_NEWCHAIN. Throws DomainError `invalid`. */
export function readChain(message: Message): Chain {
  const family = familyIn(message);
  const from = message.start + genericHeaderBytes;
  const values = attributes.read(message.source, from, message.end);
  const comment = decodeComment(commentType.chain, values.userData);
  const { hook, policy, type } = values;
  const device = hook?.device ?? hook?.devices?.[0];
  const base = hook && {
    type: (type ?? 'filter') as BaseChain['type'],
    hook: hookName(family, hook.number ?? 0),
    priority: (hook.priority ?? 0) | 0,
    ...(typeof policy === 'string' && { policy }),
    ...(device !== undefined && { device }),
  };
  return {
    family,
    table: values.table ?? '',
    chain: values.name ?? '',
    handle: values.handle ?? 0n,
    ...(base !== undefined && { base }),
    ...(comment !== undefined && { comment }),
  };
}

function hooksOf(family: TableFamily): Readonly<Record<string, number>> {
  if (family === 'netdev') return netdevHooks;
  if (family === 'arp') return arpHooks;
  return family === 'inet' ? { ...hooks, ingress: inetIngress } : hooks;
}

function hookNumber(family: TableFamily, hook: Hook): number {
  const number = hooksOf(family)[hook];
  if (number === undefined) throw new TypeError(`Family ${family} has no hook ${hook}`);
  return number;
}

function hookName(family: TableFamily, number: number): Hook {
  const found = Object.entries(hooksOf(family)).find(([, value]) => value === number);
  return (found?.[0] ?? 'ingress') as Hook;
}

function nameOf({ family, table, chain }: ChainReference): string {
  return `chain ${family} ${table} ${chain}`;
}

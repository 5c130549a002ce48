import { AttributeTable } from '../attribute.ts';
import { be64, binary, list, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { flag, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import { isKernelError } from '../../base/error.ts';
import type { ChainReference } from './chain.ts';
import { expression, type Expression } from './expression.ts';
import { change, familyIn, genericHeaderBytes, question, type TableReference } from './message.ts';
import { commentType, decodeComment, encodeComment } from './user-data.ts';

/** NFTA_RULE_*. */
const attributes = new AttributeTable({
  table: [1, text],
  chain: [2, text],
  handle: [3, be64],
  expressions: [4, list(1, expression)],
  position: [6, be64],
  userData: [7, binary],
});

export interface NewRule extends ChainReference {
  /** Instructions in order; the functions of `statement` make the usual ones. */
  readonly expressions: readonly (Expression | readonly Expression[])[];
  readonly comment?: string;
}

export interface Rule extends ChainReference {
  readonly handle: bigint;
  readonly expressions: readonly Expression[];
  readonly comment?: string;
}

/** A rule that is there, by the number the kernel gave it. */
export interface RuleReference extends ChainReference {
  readonly handle: bigint;
}

/** At the end of its chain, or after another rule. `nft add rule FAMILY TABLE CHAIN ...`. */
export function addRule(rule: NewRule, after?: bigint): Request {
  return newRule(rule, flag.create | flag.append, { position: after });
}

/** At the start of its chain, or before another rule. `nft insert rule FAMILY TABLE CHAIN ...`. */
export function insertRule(rule: NewRule, before?: bigint): Request {
  return newRule(rule, flag.create, { position: before });
}

/** In the place of another, in one step. `nft replace rule FAMILY TABLE CHAIN handle N ...`. */
export function replaceRule(rule: NewRule, handle: bigint): Request {
  return newRule(rule, flag.replace, { handle });
}

/** `nft delete rule FAMILY TABLE CHAIN handle N`. */
export function deleteRule(rule: RuleReference): Request {
  const { family, table, chain, handle } = rule;
  return change('DELRULE', {
    family,
    object: `rule ${handle} of ${family} ${table} ${chain}`,
    write: (writer) => attributes.write(writer, { table, chain, handle }),
  });
}

/** All rules of a chain, or without `chain` of a table. `nft flush chain FAMILY TABLE CHAIN`. */
export function flushRules(at: TableReference & { readonly chain?: string }): Request {
  const { family, table, chain } = at;
  return change('DELRULE', {
    family,
    object: `rules of ${family} ${table} ${chain ?? ''}`.trim(),
    write: (writer) => attributes.write(writer, { table, chain }),
  });
}

/** The rules of a table or chain in their order; none when it is not there. `nft -a list chain`. */
export async function listRules(
  connection: Connection,
  filter: TableReference & { readonly chain?: string },
): Promise<Rule[]> {
  const { family, table, chain } = filter;
  const request = question('GETRULE', {
    family,
    object: `rules of ${family} ${table}`,
    write: (writer) => attributes.write(writer, { table, chain }),
  });
  try {
    return await connection.transact(request, readRule);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return [];
    throw error;
  }
}

function newRule(
  rule: NewRule,
  flags: number,
  place: { position?: bigint | undefined; handle?: bigint },
): Request {
  const { family, table, chain } = rule;
  return change('NEWRULE', {
    family,
    flags,
    object: `rule of ${family} ${table} ${chain}`,
    write: (writer) =>
      attributes.write(writer, {
        table,
        chain,
        ...place,
        userData: encodeComment(commentType.rule, rule.comment),
        expressions: rule.expressions.flat(),
      }),
  });
}

/** Decodes NFT_MSG_NEWRULE. Throws DomainError `invalid`. */
export function readRule(message: Message): Rule {
  const family = familyIn(message);
  const from = message.start + genericHeaderBytes;
  const values = attributes.read(message.source, from, message.end);
  const comment = decodeComment(commentType.rule, values.userData);
  return {
    family,
    table: values.table ?? '',
    chain: values.chain ?? '',
    handle: values.handle ?? 0n,
    expressions: values.expressions ?? [],
    ...(comment !== undefined && { comment }),
  };
}

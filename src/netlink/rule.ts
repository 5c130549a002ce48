import { DomainError, isKernelError } from '../base/error.ts';
import { AttributeTable } from './attribute.ts';
import { ip, text, u32, u8 } from './codec.ts';
import type { Connection } from './connection.ts';
import { familyName, familyNumber, familyOf, parsePrefix } from './ip.ts';
import type { Family } from './ip.ts';
import { flag, hostIsLittle, requirePayload, type Message } from './message.ts';
import type { Request } from './request.ts';
import { nameOf, numberOf, routeProtocols, routeTables, type RouteProtocol } from './route-name.ts';

/** linux/rtnetlink.h: RTM_*RULE. */
export const ruleType = { new: 32, remove: 33, get: 34 } as const;

/** linux/fib_rules.h: FR_ACT_*. */
const actions = { table: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
type RuleAction = Exclude<keyof typeof actions, 'goto' | 'nop'>;

const invertFlag = 2;

/** FRA_*. */
const attributes = new AttributeTable({
  to: [1, ip],
  from: [2, ip],
  inputInterface: [3, text],
  priority: [6, u32],
  mark: [10, u32],
  suppressPrefixLength: [14, u32],
  table: [15, u32],
  markMask: [16, u32],
  outputInterface: [17, text],
  l3mdev: [19, u8],
  protocol: [21, u8],
});

/** Which routing table packets use. */
export interface NewRule {
  /** Needed when no prefix tells it. */
  readonly family?: Family;
  /** Lower is asked first; the kernel takes one below the lowest when there is none. */
  readonly priority?: number;
  readonly from?: string;
  readonly to?: string;
  readonly inputInterface?: string;
  readonly outputInterface?: string;
  readonly mark?: number;
  readonly markMask?: number;
  /** All packets but those that match. */
  readonly invert?: boolean;
  /** `main` by default. */
  readonly table?: number;
  readonly action?: RuleAction;
  /** A route of this prefix length or shorter is not taken from the table. */
  readonly suppressPrefixLength?: number;
  /** The table of the VRF that the packet belongs to. */
  readonly l3mdev?: boolean;
  readonly protocol?: RouteProtocol | number;
}

export interface Rule extends Omit<NewRule, 'action'> {
  readonly family: Family;
  readonly priority: number;
  readonly table: number;
  readonly action: keyof typeof actions | number;
}

/** Throws KernelError EEXIST when an equal one is there. `ip rule add`. */
export async function add(connection: Connection, rule: NewRule): Promise<void> {
  await connection.transact(addRequest(rule));
}

/** Removes the first that matches what is given; false when none does. `ip rule delete`. */
export async function remove(connection: Connection, rule: NewRule): Promise<boolean> {
  try {
    await connection.transact(removeRequest(rule));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ESRCH')) return false;
    throw error;
  }
}

/** In the order in which they are asked, IPv4 first. `ip rule show`, `ip -6 rule show`. */
export async function list(connection: Connection, family?: Family): Promise<Rule[]> {
  const asked: Family[] = family === undefined ? ['ipv4', 'ipv6'] : [family];
  const rules: Rule[] = [];
  for (const one of asked) rules.push(...(await listFamily(connection, one)));
  return rules;
}

/** A dump of all families has those of multicast routing, which are none of ours. */
async function listFamily(connection: Connection, family: Family): Promise<Rule[]> {
  const request: Request = {
    call: 'RTM_GETRULE',
    type: ruleType.get,
    flags: flag.dump,
    object: family,
    write(writer) {
      writer.view.setUint8(writer.reserve(12), familyNumber(family));
    },
  };
  return connection.transact(request, readRule);
}

/** For `transact` and `batch`. */
export function addRequest(rule: NewRule): Request {
  return change(rule, 'RTM_NEWRULE', flag.create | flag.exclusive);
}

/** For `transact` and `batch`. */
export function removeRequest(rule: NewRule): Request {
  return change(rule, 'RTM_DELRULE', 0);
}

/**
 * struct fib_rule_hdr { u8 family, dst_len, src_len, tos, table, res1, res2, action; u32 flags; }
 */
function change(rule: NewRule, call: 'RTM_NEWRULE' | 'RTM_DELRULE', flags: number): Request {
  const from = rule.from === undefined ? undefined : parsePrefix(rule.from);
  const to = rule.to === undefined ? undefined : parsePrefix(rule.to);
  const family = familyOfRule(rule, from?.bytes ?? to?.bytes);
  const removing = call === 'RTM_DELRULE';
  const table = rule.table ?? (removing || rule.l3mdev === true ? 0 : routeTables.main);
  return {
    call,
    type: removing ? ruleType.remove : ruleType.new,
    flags: flag.acknowledge | flags,
    object: `from ${rule.from ?? 'all'} to ${rule.to ?? 'all'} table ${table}`,
    write(writer) {
      const offset = writer.reserve(12);
      writer.view.setUint8(offset, family);
      writer.view.setUint8(offset + 1, to?.length ?? 0);
      writer.view.setUint8(offset + 2, from?.length ?? 0);
      writer.view.setUint8(offset + 4, table > 255 ? 0 : table);
      const action = rule.action ?? (removing ? undefined : 'table');
      writer.view.setUint8(offset + 7, action === undefined ? 0 : actions[action]);
      const bits = rule.invert === true ? invertFlag : 0;
      writer.view.setUint32(offset + 8, bits, hostIsLittle);
      attributes.write(writer, {
        priority: rule.priority,
        from: from?.address,
        to: to?.address,
        mark: rule.mark,
        markMask: rule.markMask,
        inputInterface: rule.inputInterface,
        outputInterface: rule.outputInterface,
        suppressPrefixLength: rule.suppressPrefixLength,
        table: table > 255 ? table : undefined,
        l3mdev: rule.l3mdev === true ? 1 : undefined,
        protocol: rule.protocol && numberOf(routeProtocols, rule.protocol),
      });
    },
  };
}

function familyOfRule(rule: NewRule, bytes: Uint8Array | undefined): number {
  if (bytes !== undefined) return familyOf(bytes);
  if (rule.family !== undefined) return familyNumber(rule.family);
  throw new DomainError('invalid', 'A routing rule without a prefix needs a family');
}

/** Decodes RTM_NEWRULE and RTM_DELRULE. Throws DomainError `invalid`. */
export function readRule(message: Message): Rule {
  requirePayload(message, 12);
  const { source, start } = message;
  const { view } = source;
  const values = attributes.read(source, start + 12, message.end);
  const family = familyName(view.getUint8(start));
  const { from, to, priority = 0, protocol, l3mdev, table, ...rest } = values;
  const suppress = rest.suppressPrefixLength;
  return {
    ...(rest.inputInterface !== undefined && { inputInterface: rest.inputInterface }),
    ...(rest.outputInterface !== undefined && { outputInterface: rest.outputInterface }),
    ...(rest.mark !== undefined && { mark: rest.mark, markMask: rest.markMask ?? 0xffffffff }),
    ...(suppress !== undefined && suppress !== 0xffffffff && { suppressPrefixLength: suppress }),
    family,
    priority,
    table: table ?? view.getUint8(start + 4),
    action: nameOf(actions, view.getUint8(start + 7)),
    ...(to !== undefined && { to: `${to}/${view.getUint8(start + 1)}` }),
    ...(from !== undefined && { from: `${from}/${view.getUint8(start + 2)}` }),
    ...(view.getUint32(start + 8, hostIsLittle) & invertFlag && { invert: true }),
    ...(l3mdev !== undefined && l3mdev !== 0 && { l3mdev: true }),
    ...(protocol !== undefined && { protocol: nameOf(routeProtocols, protocol) }),
  };
}

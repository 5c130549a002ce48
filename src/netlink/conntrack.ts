import { isKernelError } from '../base/error.ts';
import { AttributeTable, type Values } from './attribute.ts';
import { be16, be32, be64, ip, nested, u8 } from './codec.ts';
import type { Connection } from './connection.ts';
import { familyName, familyNumber, familyOf, parseIp, type Family } from './ip.ts';
import { flag, requirePayload, type Message } from './message.ts';
import { protocol } from './open-socket.ts';
import type { Request } from './request.ts';
import { subsystem, writeGenericHeader } from './nftables/message.ts';
import { nameOf } from './route-name.ts';
import { Subscription, type SubscriptionOptions } from './subscription.ts';

/** linux/netfilter/nfnetlink_conntrack.h: IPCTNL_MSG_CT_*. */
const messages = { get: 1, remove: 2 } as const;
const headerBytes = 4;

/** CTA_IP_*, CTA_PROTO_*, CTA_TUPLE_*. */
const ipTable = new AttributeTable({
  source4: [1, ip],
  destination4: [2, ip],
  source6: [3, ip],
  destination6: [4, ip],
});
const protocolTable = new AttributeTable({
  number: [1, u8],
  sourcePort: [2, be16],
  destinationPort: [3, be16],
  icmpId: [4, be16],
  icmpType: [5, u8],
  icmpCode: [6, u8],
  icmpv6Id: [7, be16],
  icmpv6Type: [8, u8],
  icmpv6Code: [9, u8],
});
const tupleTable = new AttributeTable({
  ip: [1, nested(ipTable)],
  protocol: [2, nested(protocolTable)],
  zone: [3, be16],
});
const countersTable = new AttributeTable({ packets: [1, be64], bytes: [2, be64] });

/** CTA_*. */
const attributes = new AttributeTable({
  original: [1, nested(tupleTable)],
  reply: [2, nested(tupleTable)],
  status: [3, be32],
  timeout: [7, be32],
  mark: [8, be32],
  originalCounters: [9, nested(countersTable)],
  replyCounters: [10, nested(countersTable)],
  id: [12, be32],
  zone: [18, be16],
  markMask: [21, be32],
});

/** linux/in.h: IPPROTO_*. */
const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;

/** linux/netfilter/nf_conntrack_common.h: IPS_*. */
export const connectionStatus = {
  seenReply: 0x2,
  assured: 0x4,
  confirmed: 0x8,
  sourceNat: 0x10,
  destinationNat: 0x20,
} as const;

/** One direction of a connection. */
export interface ConnectionTuple {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
}

export interface TrackedConnection {
  readonly id: number;
  readonly family: Family;
  readonly protocol: keyof typeof protocols | number;
  /** As the first packet had it. */
  readonly original: ConnectionTuple;
  /** As answers come: differs from the original where addresses are translated. */
  readonly reply: ConnectionTuple;
  /** IPS_* bits. */
  readonly status: number;
  readonly mark: number;
  readonly zone: number;
  readonly timeoutSeconds: number;
  readonly packets?: bigint;
  readonly bytes?: bigint;
  /** What identifies it to the kernel. */
  readonly tuple: Values<TupleDefinition>;
}
type TupleDefinition = typeof tupleTable extends AttributeTable<infer D> ? D : never;

export interface ConnectionFilter {
  readonly family?: Family;
  readonly protocol?: keyof typeof protocols;
  /** The original destination, before translation. */
  readonly destination?: string;
  readonly destinationPort?: number;
  /** Where it was sent by translation: the source of the answers. */
  readonly replySource?: string;
  readonly mark?: { readonly value: number; readonly mask: number };
}

/**
 * The connections that the connection's namespace tracks, on a connection with
 * `{ protocol: 'netfilter' }`. `conntrack -L`.
 */
export async function list(
  connection: Connection,
  filter: ConnectionFilter = {},
): Promise<TrackedConnection[]> {
  const { mark } = filter;
  const request: Request = {
    call: 'IPCTNL_MSG_CT_GET',
    type: (subsystem.conntrack << 8) | messages.get,
    flags: flag.dump,
    write(writer) {
      writeGenericHeader(writer, familyNumber(filter.family));
      if (mark !== undefined) {
        attributes.write(writer, { mark: mark.value, markMask: mark.mask });
      }
    },
  };
  const all = await connection.transact(request, readConnection);
  return all.filter((one) => matches(one, filter));
}

/** Forgets one; false when it had ended. `conntrack -D`. */
export async function remove(connection: Connection, one: TrackedConnection): Promise<boolean> {
  try {
    await connection.transact(removeRequest(one));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return false;
    throw error;
  }
}

/**
 * Forgets all that match, and resolves to how many: for UDP flows that would go on to the end that
 * a service no longer has. Without any filter it is all of them. `conntrack -D -d ...`.
 */
export async function removeMatching(
  connection: Connection,
  filter: ConnectionFilter,
): Promise<number> {
  const found = await list(connection, filter);
  const failures = await connection.batch(found.map(removeRequest));
  const refused = failures.find(({ error }) => error.code !== 'ENOENT');
  if (refused !== undefined) throw refused.error;
  return found.length - failures.length;
}

export interface ConnectionEvent {
  readonly kind: 'connection';
  readonly action: 'new' | 'removed';
  readonly connection: TrackedConnection;
}

/** linux/netfilter/nfnetlink_compat.h: NFNLGRP_CONNTRACK_NEW and _DESTROY. */
const groups = [1, 3];

/** Follows connections as they begin and end. `conntrack -E -e NEW,DESTROY`. */
export function subscribe(
  options: SubscriptionOptions = {},
): Promise<Subscription<ConnectionEvent>> {
  return Subscription.open({ protocol: protocol.netfilter, groups, decode: readEvent }, options);
}

function readEvent(message: Message): ConnectionEvent {
  const removed = (message.type & 0xff) === messages.remove;
  const action = removed ? 'removed' : 'new';
  return { kind: 'connection', action, connection: readConnection(message) };
}

/** For `transact` and `batch`. The id keeps a later connection of the same tuple alive. */
export function removeRequest(one: TrackedConnection): Request {
  const { source, destination } = one.original;
  return {
    call: 'IPCTNL_MSG_CT_DELETE',
    type: (subsystem.conntrack << 8) | messages.remove,
    flags: flag.acknowledge,
    object: `${one.protocol} ${source} to ${destination}`,
    write(writer) {
      writeGenericHeader(writer, familyNumber(one.family));
      const zone = one.zone === 0 ? undefined : one.zone;
      attributes.write(writer, { original: one.tuple, id: one.id, zone });
    },
  };
}

/** Decodes IPCTNL_MSG_CT_NEW and _DELETE. Throws DomainError `invalid`. */
export function readConnection(message: Message): TrackedConnection {
  requirePayload(message, headerBytes);
  const { source, start } = message;
  const values = attributes.read(source, start + headerBytes, message.end);
  const { original = {}, reply = {}, originalCounters: sent, replyCounters: answered } = values;
  return {
    id: values.id ?? 0,
    family: familyName(source.view.getUint8(start)),
    protocol: nameOf(protocols, original.protocol?.number ?? 0),
    original: directionOf(original),
    reply: directionOf(reply),
    status: values.status ?? 0,
    mark: values.mark ?? 0,
    zone: values.zone ?? 0,
    timeoutSeconds: values.timeout ?? 0,
    tuple: original,
    ...(sent !== undefined && {
      packets: (sent.packets ?? 0n) + (answered?.packets ?? 0n),
      bytes: (sent.bytes ?? 0n) + (answered?.bytes ?? 0n),
    }),
  };
}

function directionOf({ ip: addresses, protocol }: Values<TupleDefinition>): ConnectionTuple {
  const { sourcePort, destinationPort } = protocol ?? {};
  return {
    source: addresses?.source4 ?? addresses?.source6 ?? '',
    destination: addresses?.destination4 ?? addresses?.destination6 ?? '',
    ...(sourcePort !== undefined && { sourcePort }),
    ...(destinationPort !== undefined && { destinationPort }),
  };
}

function matches(one: TrackedConnection, filter: ConnectionFilter): boolean {
  const { protocol, destination, destinationPort, replySource, family, mark } = filter;
  return (
    (family === undefined || one.family === family) &&
    (protocol === undefined || one.protocol === protocol) &&
    (destination === undefined || same(one.original.destination, destination)) &&
    (destinationPort === undefined || one.original.destinationPort === destinationPort) &&
    (replySource === undefined || same(one.reply.source, replySource)) &&
    (mark === undefined || (one.mark & mark.mask) === (mark.value & mark.mask))
  );
}

/** However the caller writes an IPv6 address. */
function same(own: string, asked: string): boolean {
  const bytes = parseIp(asked);
  const ours = parseIp(own);
  return familyOf(bytes) === familyOf(ours) && Buffer.compare(bytes, ours) === 0;
}

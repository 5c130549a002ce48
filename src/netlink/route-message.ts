import { DomainError } from '../base/error.ts';
import { AttributeTable, type Codec, type Values } from './attribute.ts';
import { binary, ip, plainNested, requireBytes, struct, u32, u8 } from './codec.ts';
import { family, familyName, formatIp, parseIp, type Family } from './ip.ts';
import { aligned, hostIsLittle, requirePayload, type Message } from './message.ts';
import { nameOf, routeProtocols, routeScopes, routeTypes } from './route-name.ts';
import type { RouteProtocol, RouteScope, RouteType } from './route-name.ts';

/** linux/rtnetlink.h: RTM_*ROUTE. */
export const routeType = { new: 24, remove: 25, get: 26 } as const;

/** RTNH_F_*. */
export const nextHopFlag = { dead: 1, pervasive: 2, onLink: 4, offload: 8, linkDown: 16 } as const;

/** A gateway of the other family: struct rtvia { __u16 rtvia_family; __u8 rtvia_addr[]; } */
const via: Codec<string> = {
  write(writer, type, value) {
    const bytes = parseIp(value);
    const offset = writer.attribute(type, 2 + bytes.length);
    writer.view.setUint16(offset, bytes.length === 4 ? family.ipv4 : family.ipv6, hostIsLittle);
    writer.bytes.set(bytes, offset + 2);
  },
  read(source, start, end) {
    requireBytes(start, end, 2);
    return formatIp(source.bytes.subarray(start + 2, end));
  },
};

/** RTAX_*. */
const metrics = new AttributeTable({
  lock: [1, u32],
  mtu: [2, u32],
  window: [3, u32],
  advertisedMss: [8, u32],
  hopLimit: [10, u32],
  initialWindow: [11, u32],
});

const hopTable = new AttributeTable({ gateway: [5, ip], via: [18, via] });

/** One of several ways of a multipath route. */
export interface NextHop {
  readonly via?: string;
  /** Index of the interface. */
  readonly index?: number;
  /** 1 to 256: its share of the flows. */
  readonly weight: number;
  readonly onLink?: boolean;
}

/**
 * struct rtnexthop { unsigned short rtnh_len; u8 rtnh_flags; u8 rtnh_hops; int rtnh_ifindex; }
 * followed by attributes, one after the other.
 */
const multipath: Codec<readonly NextHop[]> = {
  write(writer, type, hops) {
    const nest = writer.beginPlainNest(type);
    for (const hop of hops) {
      const offset = writer.reserve(8);
      writer.view.setUint8(offset + 2, hop.onLink === true ? nextHopFlag.onLink : 0);
      writer.view.setUint8(offset + 3, hop.weight - 1);
      writer.view.setInt32(offset + 4, hop.index ?? 0, hostIsLittle);
      hopTable.write(writer, { gateway: hop.via });
      writer.view.setUint16(offset, writer.length - offset, hostIsLittle);
    }
    writer.endNest(nest);
  },
  read(source, start, end) {
    const hops: NextHop[] = [];
    for (let offset = start; offset + 8 <= end;) {
      const length = source.view.getUint16(offset, hostIsLittle);
      if (length < 8 || offset + length > end) {
        throw new DomainError('invalid', `A next hop claims ${length} bytes`);
      }
      const values = hopTable.read(source, offset + 8, offset + length);
      const gateway = values.gateway ?? values.via;
      const onLink = (source.view.getUint8(offset + 2) & nextHopFlag.onLink) !== 0;
      hops.push({
        ...(gateway !== undefined && { via: gateway }),
        index: source.view.getInt32(offset + 4, hostIsLittle),
        weight: source.view.getUint8(offset + 3) + 1,
        ...(onLink && { onLink }),
      });
      offset += aligned(length);
    }
    return hops;
  },
};

/** linux/rtnetlink.h: RTA_*. */
export const routeTable = new AttributeTable({
  destination: [1, ip],
  source: [2, ip],
  outputIndex: [4, u32],
  gateway: [5, ip],
  priority: [6, u32],
  preferredSource: [7, ip],
  metrics: [8, plainNested(metrics)],
  multipath: [9, multipath],
  cache: [12, struct(['clientReferences', 'lastUse', 'expires', 'error'])],
  table: [15, u32],
  mark: [16, u32],
  via: [18, via],
  preference: [20, u8],
  encapsulation: [22, binary],
  nextHopId: [30, u32],
});

export type RouteMetrics = Values<
  typeof metrics extends AttributeTable<infer Definition> ? Definition : never
>;

export interface Route {
  readonly family: Family;
  /** `10.0.0.0/8`; `default` for the whole of the family. */
  readonly to: string;
  readonly via?: string;
  /** Index of the outgoing interface. */
  readonly index?: number;
  /** The source address of packets that take it. */
  readonly source?: string;
  /** Only for packets from this prefix (IPv6). */
  readonly from?: string;
  readonly metric?: number;
  readonly table: number;
  readonly type: RouteType | number;
  readonly scope: RouteScope | number;
  readonly protocol: RouteProtocol | number;
  readonly onLink: boolean;
  readonly nextHops?: readonly NextHop[];
  readonly metrics?: RouteMetrics;
  /** The kernel's copy of a route that it learned from a packet (`ip route get`). */
  readonly cloned: boolean;
}

/** RTM_F_CLONED. */
const clonedFlag = 0x200;

/**
 * Decodes RTM_NEWROUTE and RTM_DELROUTE. Throws DomainError `invalid` on bytes that are neither.
 *
 * struct rtmsg { u8 family, dst_len, src_len, tos, table, protocol, scope, type; u32 flags; }
 */
export function readRoute(message: Message): Route {
  requirePayload(message, 12);
  const { source, start } = message;
  const { view } = source;
  const values = routeTable.read(source, start + 12, message.end);
  const flags = view.getUint32(start + 8, hostIsLittle);
  const gateway = values.gateway ?? values.via;
  const { destination, multipath: nextHops, metrics: limits } = values;
  return {
    family: familyName(view.getUint8(start)),
    to: destination === undefined ? 'default' : `${destination}/${view.getUint8(start + 1)}`,
    ...(gateway !== undefined && { via: gateway }),
    ...(values.outputIndex !== undefined && { index: values.outputIndex }),
    ...(values.preferredSource !== undefined && { source: values.preferredSource }),
    ...(values.source !== undefined && { from: `${values.source}/${view.getUint8(start + 2)}` }),
    ...(values.priority !== undefined && { metric: values.priority }),
    table: values.table ?? view.getUint8(start + 4),
    type: nameOf(routeTypes, view.getUint8(start + 7)),
    scope: nameOf(routeScopes, view.getUint8(start + 6)),
    protocol: nameOf(routeProtocols, view.getUint8(start + 5)),
    onLink: (flags & nextHopFlag.onLink) !== 0,
    ...(nextHops !== undefined && { nextHops }),
    ...(limits !== undefined && { metrics: limits }),
    cloned: (flags & clonedFlag) !== 0,
  };
}

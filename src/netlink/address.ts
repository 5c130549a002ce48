import { DomainError, isKernelError } from '../base/error.ts';
import { AttributeTable } from './attribute.ts';
import { ip, struct, text, u32, u8 } from './codec.ts';
import type { Connection } from './connection.ts';
import { familyNumber, familyOf, parsePrefix, type Family, familyName } from './ip.ts';
import { indexOf, type Device } from './link.ts';
import { flag, hostIsLittle, requirePayload, type Message } from './message.ts';
import { nameOf, numberOf, routeScopes, type RouteScope } from './route-name.ts';
import type { Request } from './request.ts';

/** linux/rtnetlink.h: RTM_*ADDR. */
export const addressType = { new: 20, remove: 21, get: 22 } as const;

/** linux/if_addr.h: IFA_F_*. */
export const addressFlag = {
  secondary: 0x01,
  noDuplicateDetection: 0x02,
  duplicate: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  noPrefixRoute: 0x200,
} as const;

/** linux/if_addr.h: IFA_*. struct ifa_cacheinfo { preferred, valid, cstamp, tstamp }, seconds. */
const table = new AttributeTable({
  address: [1, ip],
  local: [2, ip],
  label: [3, text],
  broadcast: [4, ip],
  cache: [6, struct(['preferred', 'valid', 'created', 'updated'])],
  flags: [8, u32],
  metric: [9, u32],
  protocol: [11, u8],
});

export interface Address {
  /** Index of the interface. */
  readonly index: number;
  readonly family: Family;
  /** With the prefix length: `10.0.0.2/24`. */
  readonly address: string;
  /** The other end, on a point-to-point link. */
  readonly peer?: string;
  readonly broadcast?: string;
  readonly label?: string;
  readonly scope: RouteScope | number;
  /** IFA_F_* bits; `tentative` while duplicate address detection runs. */
  readonly flags: number;
  readonly tentative: boolean;
  /** Seconds; undefined is for ever. */
  readonly validSeconds?: number;
  readonly preferredSeconds?: number;
  readonly metric?: number;
}

export interface NewAddress {
  readonly device: Device;
  /** With the prefix length: `10.0.0.2/24`. */
  readonly address: string;
  readonly peer?: string;
  readonly broadcast?: string;
  readonly label?: string;
  readonly scope?: RouteScope;
  /** IPv6: usable at once, without asking the neighbours whether they have it. */
  readonly noDuplicateDetection?: boolean;
  /** Without the route to the prefix that the kernel adds by itself. */
  readonly noPrefixRoute?: boolean;
  readonly validSeconds?: number;
  readonly preferredSeconds?: number;
  /** Priority of the prefix route. */
  readonly metric?: number;
}

/** Throws KernelError EEXIST when the interface has it already. `ip address add`. */
export async function add(connection: Connection, address: NewAddress): Promise<void> {
  await connection.transact(addRequest(await resolved(connection, address)));
}

/** Adds the address, or changes its lifetimes and flags. `ip address replace`. */
export async function replace(connection: Connection, address: NewAddress): Promise<void> {
  await connection.transact(replaceRequest(await resolved(connection, address)));
}

/** Resolves to false when the interface did not have it. `ip address delete`. */
export async function remove(connection: Connection, address: NewAddress): Promise<boolean> {
  try {
    await connection.transact(removeRequest(await resolved(connection, address)));
    return true;
  } catch (error) {
    if (isKernelError(error, 'EADDRNOTAVAIL', 'ENODEV')) return false;
    throw error;
  }
}

/** All addresses, or those of one interface or family. `ip address show`. */
export async function list(
  connection: Connection,
  filter: { readonly device?: Device; readonly family?: Family } = {},
): Promise<Address[]> {
  const index = filter.device === undefined ? 0 : await indexOf(connection, filter.device);
  const request: Request = {
    call: 'RTM_GETADDR',
    type: addressType.get,
    flags: flag.dump,
    write(writer) {
      const offset = writer.reserve(8);
      writer.view.setUint8(offset, familyNumber(filter.family));
      writer.view.setUint32(offset + 4, index, hostIsLittle);
    },
  };
  const addresses = await connection.transact(request, readAddress);
  // Kernels before 4.20 do not filter by interface.
  return index === 0 ? addresses : addresses.filter((address) => address.index === index);
}

/** For `transact` and `batch`; the device is an index. */
export function addRequest(address: NewAddress): Request {
  return change(address, 'RTM_NEWADDR', flag.create | flag.exclusive);
}

/** For `transact` and `batch`; the device is an index. */
export function replaceRequest(address: NewAddress): Request {
  return change(address, 'RTM_NEWADDR', flag.create | flag.replace);
}

/** For `transact` and `batch`; the device is an index. */
export function removeRequest(address: NewAddress): Request {
  return change(address, 'RTM_DELADDR', 0);
}

/** struct ifaddrmsg { __u8 family; __u8 prefixlen; __u8 flags; __u8 scope; __u32 index; } */
function change(address: NewAddress, call: 'RTM_NEWADDR' | 'RTM_DELADDR', flags: number): Request {
  const { device, broadcast, label, metric } = address;
  if (typeof device !== 'number') {
    throw new DomainError('invalid', `A request takes the index of "${device}"`);
  }
  const own = parsePrefix(address.address);
  const other = address.peer === undefined ? own : parsePrefix(address.peer);
  const bits =
    (address.noDuplicateDetection === true ? addressFlag.noDuplicateDetection : 0) |
    (address.noPrefixRoute === true ? addressFlag.noPrefixRoute : 0);
  return {
    call,
    type: call === 'RTM_NEWADDR' ? addressType.new : addressType.remove,
    flags: flag.acknowledge | flags,
    object: `${address.address} on index ${device}`,
    write(writer) {
      const offset = writer.reserve(8);
      writer.view.setUint8(offset, familyOf(own.bytes));
      writer.view.setUint8(offset + 1, other.length);
      writer.view.setUint8(offset + 2, bits > 0xff ? 0 : bits);
      writer.view.setUint8(offset + 3, numberOf(routeScopes, address.scope ?? scopeOf(own.bytes)));
      writer.view.setUint32(offset + 4, device, hostIsLittle);
      table.write(writer, {
        flags: bits > 0xff ? bits : undefined,
        local: own.address,
        address: other.address,
        broadcast,
        label,
        metric,
        cache: lifetimes(address),
      });
    },
  };
}

/** As iproute2: addresses of 127.0.0.0/8 are the host's own. */
function scopeOf(bytes: Uint8Array): RouteScope {
  return bytes.length === 4 && bytes[0] === 127 ? 'host' : 'global';
}

const forEver = 0xffffffff;

function lifetimes({ validSeconds, preferredSeconds }: NewAddress) {
  if (validSeconds === undefined && preferredSeconds === undefined) return undefined;
  return {
    valid: validSeconds ?? forEver,
    preferred: preferredSeconds ?? forEver,
    created: 0,
    updated: 0,
  };
}

/** Decodes RTM_NEWADDR and RTM_DELADDR. Throws DomainError `invalid` on bytes that are neither. */
export function readAddress(message: Message): Address {
  requirePayload(message, 8);
  const { source, start } = message;
  const values = table.read(source, start + 8, message.end);
  const { broadcast, label, metric, cache } = values;
  const own = values.local ?? values.address ?? '';
  const prefixLength = source.view.getUint8(start + 1);
  const flags = values.flags ?? source.view.getUint8(start + 2);
  const hasPeer = values.address !== undefined && values.address !== own;
  return {
    index: source.view.getUint32(start + 4, hostIsLittle),
    family: familyName(source.view.getUint8(start)),
    // With a peer the length belongs to the peer's network; the own address is alone.
    address: hasPeer ? own : `${own}/${prefixLength}`,
    scope: nameOf(routeScopes, source.view.getUint8(start + 3)),
    flags,
    tentative: (flags & addressFlag.tentative) !== 0,
    ...(hasPeer && { peer: `${values.address}/${prefixLength}` }),
    ...(broadcast !== undefined && { broadcast }),
    ...(label !== undefined && { label }),
    ...(metric !== undefined && { metric }),
    ...(cache !== undefined && cache.valid !== forEver && { validSeconds: cache.valid }),
    ...(cache !== undefined &&
      cache.preferred !== forEver && { preferredSeconds: cache.preferred }),
  };
}

async function resolved(connection: Connection, address: NewAddress): Promise<NewAddress> {
  return { ...address, device: await indexOf(connection, address.device) };
}

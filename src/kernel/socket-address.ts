import { isIP } from 'node:net';
import { endianness } from 'node:os';
import { DomainError } from '../base/error.ts';

export const AddressFamily = { unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17 } as const;

/** An IP address and port, a Unix socket's path, or frames of one protocol on an interface. */
export type SocketAddress =
  { readonly host: string; readonly port: number } | { path: string } | PacketAddress;

export interface PacketAddress {
  /** Index of the interface. */
  readonly interface: number;
  /** ETH_P_* number: 0x0800 is IPv4. */
  readonly protocol: number;
}

/** The `struct sockaddr_*` that the kernel takes. */
export function encodeSocketAddress(address: SocketAddress): Buffer {
  if ('path' in address) return unixAddress(address.path);
  if ('interface' in address) return packetAddress(address);
  const { host, port } = address;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new DomainError('invalid', `Port ${port} is not in the range 0 to 65535`);
  }
  if (isIP(host) === 4) return internetAddress(host, port);
  if (isIP(host) === 6) return internet6Address(host, port);
  throw new DomainError('invalid', `"${host}" is no IP address`);
}

export function familyOf(address: SocketAddress): number {
  if ('path' in address) return AddressFamily.unix;
  if ('interface' in address) return AddressFamily.packet;
  return isIP(address.host) === 6 ? AddressFamily.inet6 : AddressFamily.inet;
}

/** struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; } */
function unixAddress(path: string): Buffer {
  const name = Buffer.from(path);
  if (name.length === 0 || name.length > 107 || name.includes(0)) {
    throw new DomainError('invalid', `Socket path "${path}" is not 1 to 107 bytes long`);
  }
  return Buffer.concat([family(AddressFamily.unix), name, Buffer.alloc(1)]);
}

/** struct sockaddr_in { sa_family_t; in_port_t (network order); struct in_addr; char zero[8]; } */
function internetAddress(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  family(AddressFamily.inet).copy(bytes);
  bytes.writeUInt16BE(port, 2);
  host.split('.').forEach((part, index) => bytes.writeUInt8(Number(part), 4 + index));
  return bytes;
}

/** struct sockaddr_in6 { sa_family_t; in_port_t; u32 flowinfo; struct in6_addr; u32 scope_id; } */
function internet6Address(host: string, port: number): Buffer {
  const [address = '', scope] = host.split('%');
  if (scope !== undefined && !/^[0-9]+$/.test(scope)) {
    throw new DomainError('invalid', `Scope "${scope}" of "${host}" is no interface number`);
  }
  const bytes = Buffer.alloc(28);
  family(AddressFamily.inet6).copy(bytes);
  bytes.writeUInt16BE(port, 2);
  groupsOf(address).forEach((group, index) => bytes.writeUInt16BE(group, 8 + 2 * index));
  Buffer.from(Uint32Array.of(Number(scope ?? 0)).buffer).copy(bytes, 24);
  return bytes;
}

/**
 * struct sockaddr_ll { u16 family; be16 protocol; s32 ifindex; u16 hatype; u8 pkttype, halen;
 *   u8 addr[8]; }
 */
function packetAddress({ interface: index, protocol }: PacketAddress): Buffer {
  const bytes = Buffer.alloc(20);
  family(AddressFamily.packet).copy(bytes);
  bytes.writeUInt16BE(protocol, 2);
  Buffer.from(Int32Array.of(index).buffer).copy(bytes, 4);
  return bytes;
}

/** The eight groups of an IPv6 address that isIP has accepted. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = withoutDots(address).split('::');
  const [first, last] = [numbersOf(head), numbersOf(tail ?? '')];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function numbersOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** Turns a dotted end (::ffff:10.0.0.1) into two groups. */
function withoutDots(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

function family(number: number): Buffer {
  return Buffer.from(endianness() === 'LE' ? [number, 0] : [0, number]);
}

import { formatIp, parseIp, parsePrefix } from './ip.ts';

/** The network of an address: `10.1.2.3/16` is in `10.1.0.0/16`. */
export function networkOf(address: string): string {
  const { bytes, length } = parsePrefix(address);
  const network = bytes.map((byte, index) => byte & maskByte(length - index * 8));
  return `${formatIp(network)}/${length}`;
}

/** The first address of an address's network after the network itself: the usual gateway. */
export function firstOf(address: string): string {
  const network = parsePrefix(networkOf(address)).bytes;
  for (let index = network.length - 1; index >= 0; index--) {
    const next = ((network[index] ?? 0) + 1) & 0xff;
    network[index] = next;
    if (next !== 0) break;
  }
  return formatIp(network);
}

/** Where an IPv4 network's broadcasts go; none for IPv6, and for two hosts or one (RFC 3021). */
export function broadcastOf(address: string): string | undefined {
  const { bytes, length } = parsePrefix(address);
  if (bytes.length !== 4 || length > 30) return undefined;
  return formatIp(bytes.map((byte, index) => byte | (~maskByte(length - index * 8) & 0xff)));
}

export function prefixLengthOf(address: string): number {
  return parsePrefix(address).length;
}

/** The address without its prefix length. */
export function hostOf(address: string): string {
  return address.split('/')[0] ?? '';
}

/** Whether a network holds an address; false for another family. */
export function holds(network: string, address: string): boolean {
  const { bytes, length } = parsePrefix(network);
  const other = parseIp(hostOf(address));
  if (bytes.length !== other.length) return false;
  return bytes.every((byte, index) => {
    const mask = maskByte(length - index * 8);
    return (byte & mask) === ((other[index] ?? 0) & mask);
  });
}

/** Two texts of one address: `fd00::1/64` and `fd00:0::1/64`. */
export function isSame(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

/** The usual text of an address with or without prefix length. */
export function canonical(address: string): string {
  const [host = '', length] = address.split('/');
  const text = formatIp(parseIp(host));
  return length === undefined ? text : `${text}/${Number(length)}`;
}

/** The byte of a mask of which `bits` bits are left. */
function maskByte(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

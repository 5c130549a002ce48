import { formatIp, parsePrefix, type Prefix } from '../../netlink/ip.ts';
import { isDomainError } from '../../base/error.ts';

/**
 * The same addresses as prefixes that do not overlap, which sets of intervals refuse; what is no
 * prefix is left out.
 */
export function disjointPrefixes(texts: readonly string[]): string[] {
  const prefixes = texts.flatMap((text) => networkOf(text) ?? []);
  const kept: Prefix[] = [];
  for (const prefix of prefixes.toSorted((a, b) => a.length - b.length)) {
    if (!kept.some((wide) => contains(wide, prefix))) kept.push(prefix);
  }
  return kept.map(({ address, length }) => `${address}/${length}`).toSorted();
}

/** With the bits beyond its length cleared. */
function networkOf(text: string): Prefix | undefined {
  try {
    const { bytes, length } = parsePrefix(text);
    const network = bytes.map((byte, i) => byte & maskAt(length, i));
    return { address: formatIp(network), length, bytes: network };
  } catch (error) {
    if (isDomainError(error, 'invalid')) return undefined;
    throw error;
  }
}

/** The prefix of one address. */
export function hostPrefix(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

/** The addresses that are in none of the prefixes. */
export function outside(addresses: readonly string[], prefixes: readonly string[]): string[] {
  const networks = prefixes.map(knownNetwork);
  return addresses.filter((address) => {
    const one = parsePrefix(address);
    return !networks.some((network) => network !== undefined && contains(network, one));
  });
}

/** The same few are asked for with every Service. */
function knownNetwork(text: string): Prefix | undefined {
  if (text !== last.text) last = { text, network: networkOf(text) };
  return last.network;
}

let last: { text: string; network: Prefix | undefined } = { text: '', network: undefined };

function maskAt(length: number, index: number): number {
  const bits = Math.min(Math.max(length - 8 * index, 0), 8);
  return (0xff << (8 - bits)) & 0xff;
}

function contains(wide: Prefix, narrow: Prefix): boolean {
  if (wide.bytes.length !== narrow.bytes.length || wide.length > narrow.length) return false;
  return wide.bytes.every((byte, i) => byte === ((narrow.bytes[i] ?? 0) & maskAt(wide.length, i)));
}

/** The prefix of a stretch of addresses that is one, as the kernel gives intervals back. */
export function prefixOf({ from, to }: { from: string | number; to: string | number }): string {
  const first = parsePrefix(String(from)).bytes;
  const last = parsePrefix(String(to)).bytes;
  let length = 0;
  while (length < first.length * 8 && bitAt(first, length) === bitAt(last, length)) length += 1;
  return `${from}/${length}`;
}

function bitAt(bytes: Uint8Array, bit: number): number {
  return ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
}

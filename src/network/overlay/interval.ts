import { parsePrefix } from '../../netlink/ip.ts';

/** A stretch of addresses of one family, both ends belonging to it. */
interface Interval<Label> {
  readonly from: bigint;
  readonly to: bigint;
  readonly label: Label;
}

/** IPv6 stands above all of IPv4, so that both fit into one order. */
const ipv6Base = 1n << 128n;

/**
 * Stretches of addresses that do not overlap, in order: with a thousand nodes, comparing each with
 * each would take seconds.
 */
export class Intervals<Label> {
  readonly #sorted: Interval<Label>[] = [];

  /** Adds a prefix (an address alone is one too) unless it overlaps; then gives whose it is. */
  add(prefix: string, label: Label): { readonly taken: Label } | undefined {
    const added = { ...boundsOf(prefix), label };
    const place = this.#placeOf(added.from);
    const next = this.#sorted[place];
    if (next !== undefined && next.from <= added.to) return { taken: next.label };
    this.#sorted.splice(place, 0, added);
    return undefined;
  }

  /** One that overlaps with the prefix. */
  find(prefix: string): Label | undefined {
    const { from, to } = boundsOf(prefix);
    const next = this.#sorted[this.#placeOf(from)];
    return next !== undefined && next.from <= to ? next.label : undefined;
  }

  /** The first that ends at or after the address. */
  #placeOf(from: bigint): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.#sorted[middle];
      if (at !== undefined && at.to < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function boundsOf(prefix: string): { from: bigint; to: bigint } {
  const { bytes, length } = parsePrefix(prefix);
  const bits = BigInt(bytes.length * 8 - length);
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const from = ((value >> bits) << bits) + (bytes.length === 16 ? ipv6Base : 0n);
  return { from, to: from + (1n << bits) - 1n };
}

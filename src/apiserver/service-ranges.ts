import { randomInt } from 'node:crypto';
import { type AddressRange, type IpFamily, parseRanges } from '../api/address-range.ts';
import { ApiError } from '../api/status.ts';
import { DomainError } from '../base/error.ts';

export const defaultServiceCidr = '10.96.0.0/16';

/** The API's own service, and the nodes' DNS servers, in each range. */
const apiIndex = 1;
const dnsIndex = 10;
const fewest = 16n;
/** Of a wider range the rest is not given out by itself. */
const most = 1n << 20n;

/** Where the addresses of services are from: one range, or one of each family. */
export class ServiceRanges {
  readonly #ranges: readonly AddressRange[];

  /** `10.96.0.0/16,fd96::/108`. Throws DomainError `invalid`. */
  constructor(text: string = defaultServiceCidr) {
    this.#ranges = parseRanges(text).filter((range) => range !== undefined);
    const small = this.#ranges.find(({ size }) => size < fewest);
    if (small === undefined) return;
    throw new DomainError('invalid', `"${small.toString()}" has less than ${fewest} addresses`);
  }

  /** The cluster's own first. */
  get families(): readonly IpFamily[] {
    return this.#ranges.map(({ family }) => family);
  }

  /** By which pods call the API. */
  get apiAddresses(): readonly string[] {
    return this.#ranges.map((range) => range.at(apiIndex));
  }

  /** By which pods ask for names. */
  get dnsAddresses(): readonly string[] {
    return this.#ranges.map((range) => range.at(dnsIndex));
  }

  rangeFor(family: IpFamily): AddressRange | undefined {
    return this.#ranges.find((range) => range.family === family);
  }

  /**
   * An address that is not taken, by chance. Those at the front are given when no other is left:
   * people choose theirs among them. Throws ApiError.
   */
  free(family: IpFamily, taken: ReadonlySet<string>): string {
    const range = this.rangeFor(family);
    if (range !== undefined) {
      // The last one of IPv4 is for broadcasts.
      const end = Number(range.size < most ? range.size - 1n : most);
      const front = Math.min(Math.max(16, Math.floor(end / 16)), 256, end);
      for (const [from, to] of [[front, end] as const, [apiIndex + 1, front] as const]) {
        const found = freeBetween(range, { from, to, taken });
        if (found !== undefined) return found;
      }
    }
    throw new ApiError('InternalError', 'failed to allocate a serviceIP: range is full');
  }
}

function freeBetween(
  range: AddressRange,
  { from, to, taken }: { from: number; to: number; taken: ReadonlySet<string> },
): string | undefined {
  const count = to - from;
  const start = count > 0 ? randomInt(count) : 0;
  for (let step = 0; step < count; step += 1) {
    const index = from + ((start + step) % count);
    const address = range.at(index);
    if (index !== dnsIndex && !taken.has(address)) return address;
  }
  return undefined;
}

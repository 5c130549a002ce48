import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { type AddressNumber, addressOf, numberOf } from './number.ts';
import { contains, describe, type Range, type RangeSet } from './range.ts';

export interface Allocation {
  readonly address: string;
  readonly range: Range;
}

/** What the search may ask and do; the leases on disk in use, a set in tests. */
export interface Pool {
  /** False when somebody has it. */
  reserve(address: string): boolean;
  /** True for an address that should not be given out again yet. */
  rests(address: string): boolean;
  /** All addresses that somebody has; asked only when the first tries fail. */
  taken(): ReadonlySet<string>;
  /** The address given out last. */
  readonly last: string | undefined;
}

/** Tries before the folder is read: round robin finds the next one free nearly always. */
const blindTries = 32;

/** Reserves the address asked for. Throws CniError 999 when it cannot be had. */
export function allocateRequested(set: RangeSet, number: AddressNumber, pool: Pool): Allocation {
  const range = contains(set, number);
  const address = addressOf(number);
  if (range === undefined) throw unavailable(address, set);
  if (range.gateway === number.value) {
    throw new CniError(CniCode.internal, `requested IP ${address} is subnet's gateway`);
  }
  if (!pool.reserve(address)) throw unavailable(address, set);
  return { address, range };
}

/**
 * Reserves the first free address behind the last one given out, from the beginning again at the
 * end. Addresses that rest are taken only when no other is free. Throws CniError 999.
 */
export function allocateNext(set: RangeSet, pool: Pool): Allocation {
  const resting: Candidate[] = [];
  let tries = 0;
  let taken: ReadonlySet<string> | undefined;
  for (const candidate of candidates(set, pool.last)) {
    if (tries++ === blindTries) taken = pool.taken();
    if (taken?.has(candidate.address) === true) continue;
    if (pool.rests(candidate.address)) resting.push(candidate);
    else if (pool.reserve(candidate.address)) return candidate;
    if (resting.length > maximumResting) break;
  }
  const rested = resting.find(({ address }) => pool.reserve(address));
  if (rested !== undefined) return rested;
  throw new CniError(CniCode.internal, `no IP addresses available in range set: ${describe(set)}`);
}

type Candidate = Allocation;

/** A /64 that is churned quickly must not be walked to its end. */
const maximumResting = 65_536;

/** All addresses but gateways, from the one behind `last` round to it. */
function* candidates(set: RangeSet, last: string | undefined): Generator<Candidate> {
  const from = last === undefined ? undefined : numberOf(last);
  const at = from === undefined ? -1 : set.findIndex((range) => contains([range], from));
  const start = at === -1 ? undefined : from;
  const order = at === -1 ? set : [...set.slice(at), ...set.slice(0, at)];
  for (const [index, range] of order.entries()) {
    const first = index === 0 && start !== undefined ? start.value + 1n : range.first;
    yield* between(range, first, range.last);
  }
  const [range] = order;
  if (start !== undefined && range !== undefined) yield* between(range, range.first, start.value);
}

function* between(range: Range, first: bigint, last: bigint): Generator<Candidate> {
  for (let value = first; value <= last; value++) {
    if (value === range.gateway) continue;
    yield { address: addressOf({ value, bits: range.bits }), range };
  }
}

function unavailable(address: string, set: RangeSet): CniError {
  return new CniError(
    CniCode.internal,
    `requested IP address ${address} is not available in range set ${describe(set)}`,
  );
}

import type { RateLimit } from './configuration.ts';

/** A token bucket in the kernel's terms. */
export interface Bucket {
  readonly rateBytes: number;
  /** What may pass at once after a pause; a longer frame never passes. */
  readonly burstBytes: number;
  /** What may wait; the rest is dropped. */
  readonly limitBytes: number;
}

/**
 * A burst is what the first second carries above the rate, so it stays below 3 % of a second;
 * below 8 ms of the rate a sender at 1 Gbit/s no longer reaches it.
 */
const burstMs = 20;
/** TCP needs a few packets on the way before it recovers from a loss without a timeout. */
const fewestFrames = 10;
/**
 * What a sender hands over as 64 KiB is cut into frames that come at once: with less room each
 * loses its end, and TCP (BBR above all) stays some percent below 10 Mbit/s.
 */
const leastWaitingBytes = 72 * 1024;
/** The kernel counts both in 32 bits. */
const greatestBytes = 0xffffffff;

/** The bucket for a limit, on an interface whose longest frame has `frameBytes` with its header. */
export function bucketFor(limit: RateLimit, frameBytes: number, latencyMs: number): Bucket {
  const rateBytes = Math.floor(limit.rateBits / 8);
  const burst = limit.burstBits === undefined ? (rateBytes * burstMs) / 1000 : limit.burstBits / 8;
  const waiting = (rateBytes * latencyMs) / 1000;
  return {
    rateBytes,
    burstBytes: clamp(burst, frameBytes),
    limitBytes: clamp(waiting, Math.max(fewestFrames * frameBytes, leastWaitingBytes)),
  };
}

function clamp(bytes: number, least: number): number {
  return Math.min(Math.max(Math.floor(bytes), least), greatestBytes);
}

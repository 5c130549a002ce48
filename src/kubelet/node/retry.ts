import { type Clock, sleep } from '../../base/clock.ts';

const firstMs = 200;
const longestMs = 10_000;

/** Longer with every failure and never the same: a thousand nodes ask a server that comes back. */
export function retryDelay(failures: number, random: number = Math.random()): number {
  const wait = Math.min(firstMs * 2 ** Math.min(failures, 20), longestMs);
  return wait * (0.5 + random / 2);
}

export interface Attempts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly failed: (error: unknown) => void;
}

/** Tries until it succeeds; undefined when the signal ends that. */
export async function untilDone<Result>(
  work: () => Promise<Result>,
  { clock, signal, failed }: Attempts,
): Promise<Result | undefined> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return undefined;
      failed(error);
    }
    await sleep(clock, retryDelay(failures), signal);
  }
  return undefined;
}

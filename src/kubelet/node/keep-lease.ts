import { type Clock, sleep } from '../../base/clock.ts';
import { DomainError } from '../../base/error.ts';
import type { Complaints } from './complaints.ts';
import type { NodeLease } from './lease.ts';
import { retryDelay } from './retry.ts';

export interface LeaseKeeping {
  readonly clock: Clock;
  /** Between renewals; one that takes as long has failed. */
  readonly periodMs: number;
  readonly complaints: Complaints;
  /** Gives up all connections to the server and makes new ones. */
  readonly reconnect: () => void;
}

/**
 * Renews the lease until the signal is aborted. Of a node that was cut off, whatever is under way
 * sleeps on for up to a minute after the way is whole again, watches too: TCP tries ever more
 * rarely. So a renewal that hangs has all of them begin anew.
 */
export async function keepLease(
  lease: Pick<NodeLease, 'renew'>,
  { clock, periodMs, complaints, reconnect }: LeaseKeeping,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const over = new AbortController();
    const renewed = lease.renew().then(() => true);
    // Whoever left it fails by the end of its connection.
    renewed.catch(() => undefined);
    const tooLate = sleep(clock, periodMs, AbortSignal.any([over.signal, signal]));
    try {
      const inTime = await Promise.race([renewed, tooLate.then(() => false)]);
      if (signal.aborted) return;
      if (!inTime) {
        reconnect();
        throw new DomainError('timeout', `no answer in ${periodMs / 1000} s`);
      }
      complaints.over('renewing the lease');
      failures = 0;
    } catch (error) {
      complaints.about('renewing the lease', error);
      failures += 1;
    } finally {
      over.abort();
    }
    await sleep(clock, failures === 0 ? periodMs : retryDelay(failures), signal);
  }
}

import type { Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../base/error.ts';
import { ended } from './command-streams.ts';

/** Connects to a port; throws what the client is told. */
export type Dial = (port: number) => Promise<Duplex>;

export interface Forwarded {
  readonly port: number;
  readonly data: Duplex;
  readonly error: Writable;
}

/**
 * Carries one connection both ways until both halves are over. A failure is told on `error`, and
 * resets `data`.
 */
export async function forwardConnection(
  { port, data, error }: Forwarded,
  dial: Dial,
): Promise<void> {
  let failure: string | undefined;
  try {
    const target = await dial(port);
    // Go's client resets a stream when it has heard all: that is no failure of the connection.
    target.on('error', (reason) => {
      if (!data.destroyed) failure ??= messageOf(reason);
    });
    // The client may have gone while we connected.
    if (data.destroyed) target.destroy();
    // Kubernetes' clients up to 1.26 keep their half open until the error stream has ended.
    const answered = pipeline(target, data).then(() => ended(error));
    await Promise.allSettled([pipeline(data, target), answered]);
    target.destroy();
  } catch (reason) {
    failure = messageOf(reason);
  }
  await ended(error, failure);
  data.destroy();
  error.destroy();
}

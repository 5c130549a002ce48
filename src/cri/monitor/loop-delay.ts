import { setTimeout as sleep } from 'node:timers/promises';

const intervalMs = 1000;

/**
 * Tells each second how late its timer was. Node's own monitor would wake an idle process a hundred
 * times a second. Ends with the signal.
 */
export async function watchLoopDelay(
  tell: (lateSeconds: number) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const startedAt = performance.now();
    await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (!signal.aborted) tell(Math.max(0, performance.now() - startedAt - intervalMs) / 1000);
  }
}

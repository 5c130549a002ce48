import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from './container.ts';

/** False when it has not ended in time. */
export async function endsWithin(container: Container, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([container.ended.then(() => true), late]);
  timer.abort();
  return inTime;
}

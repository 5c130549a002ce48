import type { ObservedContainer } from '../runtime/observed-pod.ts';
import { annotation } from '../runtime/record.ts';

const firstSeconds = 10;
const longestSeconds = 300;
/** A container that ran so long begins again from nothing. */
const forgivenMs = 10 * 60_000;

/** When an ended container may be replaced. The first time that is at once. */
export function restartAt(ended: ObservedContainer): number {
  return ranWell(ended) ? ended.finishedAtMs : ended.finishedAtMs + delayOf(ended) * 1000;
}

/** How long the one after the next waits, in seconds: written on the next one when it is made. */
export function nextDelay(ended: ObservedContainer | undefined): number {
  if (ended === undefined) return 0;
  if (ranWell(ended) || delayOf(ended) === 0) return firstSeconds;
  return Math.min(delayOf(ended) * 2, longestSeconds);
}

/** In seconds. */
export function delayOf({ annotations }: ObservedContainer): number {
  const seconds = Number(annotations[annotation.backOffSeconds] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, longestSeconds) : 0;
}

function ranWell({ startedAtMs, finishedAtMs }: ObservedContainer): boolean {
  return startedAtMs > 0 && finishedAtMs - startedAtMs >= forgivenMs;
}

/** Delays by key, for what is tried again after failures; kept in memory alone. */
export class BackOff {
  readonly #delays = new Map<string, { readonly seconds: number; readonly untilMs: number }>();

  /** When the key may be tried again; 0 when nothing has failed. */
  until(key: string): number {
    return this.#delays.get(key)?.untilMs ?? 0;
  }

  failed(key: string, nowMs: number): void {
    const before = this.#delays.get(key);
    const isOld = before !== undefined && nowMs - before.untilMs > 2 * longestSeconds * 1000;
    const doubled = before === undefined || isOld ? firstSeconds : before.seconds * 2;
    const seconds = Math.min(doubled, longestSeconds);
    this.#delays.set(key, { seconds, untilMs: nowMs + seconds * 1000 });
  }

  succeeded(key: string): void {
    this.#delays.delete(key);
  }
}

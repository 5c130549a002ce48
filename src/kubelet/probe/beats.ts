import type { Clock } from '../../base/clock.ts';

interface Beat {
  readonly wakes: Set<() => void>;
  readonly cancel: () => void;
}

const known = new WeakMap<Clock, Beats>();

/**
 * One timer for all who wait for the same moment. Each with its own they would be woken one by one
 * within a millisecond or two, which takes a process that sleeps in between several times as long.
 */
export class Beats {
  readonly #clock: Clock;
  readonly #beats = new Map<number, Beat>();

  /** Those of everybody who goes by that clock. */
  static of(clock: Clock): Beats {
    const beats = known.get(clock) ?? new Beats(clock);
    known.set(clock, beats);
    return beats;
  }

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at that time, in milliseconds since 1970, or when the signal is aborted. */
  async until(atMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const beat = this.#at(atMs);
    beat.wakes.add(resolve);
    const leave = (): void => {
      resolve();
      beat.wakes.delete(resolve);
      if (beat.wakes.size > 0 || this.#beats.get(atMs) !== beat) return;
      this.#beats.delete(atMs);
      beat.cancel();
    };
    signal.addEventListener('abort', leave, { once: true });
    await promise;
    signal.removeEventListener('abort', leave);
  }

  #at(atMs: number): Beat {
    const beat = this.#beats.get(atMs);
    if (beat !== undefined) return beat;
    const wakes = new Set<() => void>();
    const cancel = this.#clock.after(Math.max(0, atMs - this.#clock.now()), () => {
      this.#beats.delete(atMs);
      for (const wake of wakes) wake();
    });
    const made = { wakes, cancel };
    this.#beats.set(atMs, made);
    return made;
  }
}

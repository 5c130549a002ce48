import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/base/clock.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Time that passes when everything that could be done before was done. */
export class FakeClock implements Clock {
  #now: number;
  #timers: Timer[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), run };
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1]?.at ?? 0) > timer.at) at -= 1;
    this.#timers.splice(at, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** A clock whose timers end with its owner: a crashed process does nothing later. */
  ofProcess(alive: () => boolean): Clock {
    return {
      now: () => this.#now,
      after: (delayMs, run) => this.after(delayMs, () => (alive() ? run() : undefined)),
    };
  }

  /** Lets time pass until the condition holds; false when it does not within the limit. */
  async until(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs;
    for (;;) {
      await setImmediate();
      if (await condition()) return true;
      const next = this.#timers[0];
      if (next === undefined || next.at > end) {
        this.#now = end;
        return false;
      }
      this.#timers.shift();
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
  }

  /** Lets so much time pass. */
  async pass(delayMs: number): Promise<void> {
    await this.until(() => false, delayMs);
  }
}

import type { Clock } from '../base/clock.ts';
import { BackOff } from './back-off.ts';

/** No key waits longer than a day for its turn; who looks early sees that it is early. */
const longestDelayMs = 24 * 3600 * 1000;

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Told of what failed; the key comes again after its back-off. */
  readonly onError: (key: string, error: unknown) => void;
  readonly backOff?: BackOff;
}

/** Looks at a key and acts; may ask to look again after so many milliseconds. */
export type Work = (key: string) => Promise<number | undefined>;

/**
 * Keys that somebody shall look at. A key waits once however often it is added, and two workers
 * never have the same one: what is added meanwhile comes again afterwards.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #onError: WorkQueueOptions['onError'];
  readonly #backOff: BackOff;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  #idle: (() => void)[] = [];

  constructor({ clock, onError, backOff = new BackOff() }: WorkQueueOptions) {
    this.#clock = clock;
    this.#onError = onError;
    this.#backOff = backOff;
  }

  /** Keys that wait for a worker now. */
  get length(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#idle.shift()?.();
  }

  /** The earliest of several times counts. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) return this.add(key);
    const wait = Math.min(delayMs, longestDelayMs);
    const at = this.#clock.now() + wait;
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = this.#clock.after(wait, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { at, cancel });
  }

  /** Lets so many workers at the keys until the signal is aborted and the last one is done. */
  async run(workers: number, work: Work, signal: AbortSignal): Promise<void> {
    const stop = () => {
      for (const { cancel } of this.#timers.values()) cancel();
      this.#timers.clear();
      for (const wake of this.#idle.splice(0)) wake();
    };
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all(Array.from({ length: workers }, () => this.#serve(work, signal)));
    stop();
  }

  async #serve(work: Work, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const key = this.#take();
      if (key !== undefined) await this.#handle(key, work, signal);
      else await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  #take(): string | undefined {
    const [key] = this.#waiting;
    if (key === undefined) return undefined;
    this.#waiting.delete(key);
    this.#running.add(key);
    return key;
  }

  async #handle(key: string, work: Work, signal: AbortSignal): Promise<void> {
    let delayMs: number | undefined;
    try {
      delayMs = await work(key);
      this.#backOff.forget(key);
    } catch (error) {
      this.#onError(key, error);
      delayMs = this.#backOff.next(key);
    }
    this.#running.delete(key);
    if (this.#again.delete(key)) this.add(key);
    if (delayMs !== undefined && !signal.aborted) this.addAfter(key, delayMs);
  }
}

import { limits } from '../base/limits.ts';

/** Groups of watches that write in turn. */
const slots = 8;

/** A watch among all that are told of changes. */
export interface PacedWatch extends Disposable {
  /** Those of one group have the same moments. */
  readonly slot: number;
  /** Resolves when a watch that has written may write again. */
  turn(): Promise<void>;
}

/**
 * When watches write. One that has just written waits with what comes next, so that a burst of
 * changes is one write for each watcher and not one for each change: the more watch, the longer.
 * They wait for one of a few moments spread over that time. If all had the same, the last would
 * wait for the writes of all others on top of it; if each had its own, none would share its bytes
 * with others.
 */
export class Pace {
  readonly #slots = Array.from({ length: slots }, () => new Slot());
  #joined = 0;
  #watches = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Counts a watch until it is disposed of. */
  join(): PacedWatch {
    this.#watches += 1;
    const slot = this.#joined++ % slots;
    return {
      slot,
      turn: () => this.#turn(slot),
      [Symbol.dispose]: () => void (this.#watches -= 1),
    };
  }

  async #turn(slot: number): Promise<void> {
    // A timer would take longer than the few writes it saves.
    if (this.#windowMs < 5) return;
    const turn = this.#slots[slot]?.turn();
    if (this.#timer === undefined) this.#next();
    await turn;
  }

  get #windowMs(): number {
    return Math.min(limits.apiWatchPaceMs, Math.floor(this.#watches / 10));
  }

  /** Goes on as long as anybody waits, by the clock: late timers do not add up. */
  #next(): void {
    const stepMs = Math.max(1, this.#windowMs / slots);
    const step = Math.floor(performance.now() / stepMs);
    const waitMs = (step + 1) * stepMs - performance.now();
    this.#timer = setTimeout(() => {
      const last = Math.floor(performance.now() / stepMs);
      // Steps that a busy moment has passed over have their turn, too.
      for (let at = step + 1; at <= Math.min(last, step + slots); at += 1) {
        this.#slots[at % slots]?.open();
      }
      this.#timer = undefined;
      if (this.#slots.some(({ isWaitedFor }) => isWaitedFor)) this.#next();
    }, waitMs);
  }
}

/** One moment, again and again. */
class Slot {
  #moment: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  get isWaitedFor(): boolean {
    return this.#moment !== undefined;
  }

  turn(): Promise<void> {
    this.#moment ??= Promise.withResolvers<void>();
    return this.#moment.promise;
  }

  open(): void {
    this.#moment?.resolve();
    this.#moment = undefined;
  }
}

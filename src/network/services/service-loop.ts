import { sleep, systemClock } from '../../base/clock.ts';
import { isDomainError } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { Wakeup } from '../../base/wakeup.ts';
import type { HealthChecks } from './health-checks.ts';
import { type NodeView, sameView } from './node-view.ts';
import type { ServiceSync } from './service-sync.ts';

interface Surroundings {
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A look at everything, whether or not anybody was heard to change something. */
const verifyEveryMs = 300_000;
/** Others may change our table over and over; it is looked at no more often. */
const verifyPauseMs = 200;
/** UDP flows are read as a whole, so changes are gathered. */
const flowsPauseMs = 1000;
const firstRetryMs = 200;
const longestRetryMs = 10_000;

/**
 * One turn after another: the node, what was marked, and from time to time a look at everything.
 * What fails is tried again, a little later each time.
 */
export class ServiceLoop {
  readonly #sync: ServiceSync;
  readonly #healthChecks: HealthChecks;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #wakeup = new Wakeup();
  #nodeChanged = true;
  #mustVerify = false;
  #verifiedAt = Date.now();
  #flowsAt = 0;
  #failures = 0;
  #view: NodeView | undefined;

  constructor(sync: ServiceSync, healthChecks: HealthChecks, { log, signal }: Surroundings) {
    this.#signal = signal;
    this.#sync = sync;
    this.#healthChecks = healthChecks;
    this.#log = log;
  }

  mark(key: string): void {
    this.#sync.mark(key);
    this.#wakeup.wake();
  }

  lookAtNode(): void {
    this.#nodeChanged = true;
    this.#wakeup.wake();
  }

  verify(): void {
    this.#mustVerify = true;
    this.#wakeup.wake();
  }

  wake(): void {
    this.#wakeup.wake();
  }

  /** Until the signal is aborted. Throws DomainError `unsupported` alone. */
  async run(readView: () => Promise<NodeView>): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        const next = await this.#turn(readView);
        this.#failures = 0;
        await this.#wakeup.wait(next);
      } catch (error) {
        if (isDomainError(error, 'unsupported')) throw error;
        this.#log.error({ err: error }, 'Services cannot be brought up to date; trying again');
        this.#failures += 1;
        this.#mustVerify = true;
        const wait = Math.min(firstRetryMs * 2 ** Math.min(this.#failures, 8), longestRetryMs);
        await sleep(systemClock, wait, this.#signal);
      }
    }
  }

  /** How long to wait for the next event. */
  async #turn(readView: () => Promise<NodeView>): Promise<number> {
    if (this.#nodeChanged) {
      this.#nodeChanged = false;
      const view = await readView();
      if (this.#view === undefined || !sameView(view, this.#view)) this.#sync.setNode(view);
      this.#view = view;
    }
    await this.#sync.sync();
    this.#healthChecks.set(this.#sync.healthChecks());
    const now = Date.now();
    const sinceVerify = now - this.#verifiedAt;
    if (sinceVerify >= (this.#mustVerify ? verifyPauseMs : verifyEveryMs)) {
      this.#mustVerify = false;
      await this.#sync.verify();
      this.#verifiedAt = Date.now();
    }
    if (now - this.#flowsAt >= flowsPauseMs) {
      await this.#sync.endStaleFlows();
      this.#flowsAt = Date.now();
    }
    const verifyIn = (this.#mustVerify ? verifyPauseMs : verifyEveryMs) - sinceVerify;
    const flowsIn = this.#sync.hasStaleFlows ? flowsPauseMs : verifyEveryMs;
    return Math.max(Math.min(verifyIn, flowsIn), 10);
  }
}

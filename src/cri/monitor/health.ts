import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';

export interface HealthCheck {
  readonly name: string;
  /** Rejects with the reason. */
  readonly run: () => Promise<void>;
}

export interface HealthReport {
  readonly healthy: boolean;
  /** `ok` or the reason, by the check's name. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Askers within this time get the same report: who asks often looks no more often. */
const freshMs = 500;

/** Runs checks side by side, each within a bound; a check that hangs is asked again by nobody. */
export class Health {
  readonly #checks: readonly HealthCheck[];
  readonly #boundMs: number;
  readonly #running = new Map<string, Promise<string>>();
  #report: Promise<HealthReport> | undefined;

  constructor(checks: readonly HealthCheck[], boundMs: number = limits.healthCheckMs) {
    this.#boundMs = boundMs;
    this.#checks = checks;
  }

  report(): Promise<HealthReport> {
    this.#report ??= this.#look().finally(() => {
      setTimeout(() => (this.#report = undefined), freshMs).unref();
    });
    return this.#report;
  }

  async #look(): Promise<HealthReport> {
    const results = this.#checks.map(async (check) => [check.name, await this.#bounded(check)]);
    const checks = Object.fromEntries(await Promise.all(results)) as Record<string, string>;
    return { checks, healthy: Object.values(checks).every((result) => result === 'ok') };
  }

  async #bounded(check: HealthCheck): Promise<string> {
    const patience = new AbortController();
    const { signal } = patience;
    const late = sleep(this.#boundMs, `no answer in ${this.#boundMs} ms`, { signal });
    late.catch(() => undefined);
    const result = await Promise.race([this.#once(check), late]);
    patience.abort();
    return result;
  }

  #once({ name, run }: HealthCheck): Promise<string> {
    const running =
      this.#running.get(name) ??
      run()
        .then(() => 'ok')
        .catch(messageOf)
        .finally(() => this.#running.delete(name));
    this.#running.set(name, running);
    return running;
  }
}

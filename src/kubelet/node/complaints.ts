import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';

/** Says of each thing that fails what ails it, once until that changes. */
export class Complaints {
  readonly #log: Logger;
  readonly #told = new Map<string, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  about(what: string, error: unknown): void {
    const words = messageOf(error);
    if (this.#told.get(what) === words) return;
    this.#told.set(what, words);
    this.#log.warn(`${what}: ${words}`);
  }

  over(what: string): void {
    if (this.#told.delete(what)) this.#log.info(`${what}: well again`);
  }
}

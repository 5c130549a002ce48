import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';

/** One worker: what is asked of one container happens one after the other, in order. */
export class WorkQueue {
  readonly #subject: string;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** The subject names the container in messages. */
  constructor(subject: string) {
    this.#subject = subject;
  }

  /** Resolves with the work's own result. DomainError `unavailable` when too many wait. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= limits.containerQueue) {
      throw new DomainError('unavailable', `Too many requests wait for ${this.#subject}`);
    }
    this.#waiting++;
    const result = this.#last.then(work).finally(() => this.#waiting--);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

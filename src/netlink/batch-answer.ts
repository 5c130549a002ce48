import type { KernelError } from '../base/error.ts';
import { failureIn } from './acknowledgement.ts';
import { controlType, readMessages, type Source } from './message.ts';
import type { Request } from './request.ts';

/** One request of a batch that the kernel refused. */
export interface BatchFailure {
  readonly index: number;
  readonly error: KernelError;
}

/**
 * Collects the refusals of messages sent together. Only one message asks to be acknowledged, the
 * last one that the kernel handles: refusals are always told, and it works through them in order.
 */
export class BatchAnswer {
  readonly failures: BatchFailure[] = [];
  readonly #requests: readonly Request[];
  readonly #firstSequence: number;
  readonly #last: number;

  constructor(requests: readonly Request[], firstSequence: number, last: number) {
    this.#requests = requests;
    this.#firstSequence = firstSequence;
    this.#last = last;
  }

  /** The sequence number of the message that is acknowledged. */
  get lastSequence(): number {
    return this.#firstSequence + this.#last;
  }

  /** True when the last message was acknowledged or refused. */
  read(source: Source, length: number): boolean {
    let ended = false;
    for (const message of readMessages(source, length)) {
      const index = message.sequence - this.#firstSequence;
      const request = this.#requests[index];
      if (request === undefined || message.type !== controlType.error) continue;
      const error = failureIn(message, request);
      if (error !== undefined) this.failures.push({ index, error });
      if (index === this.#last) ended = true;
    }
    return ended;
  }
}

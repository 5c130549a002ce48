import { DomainError, KernelError } from '../base/error.ts';
import { failureIn } from './acknowledgement.ts';
import { controlType, flag, readMessages, type Message, type Source } from './message.ts';
import type { Request } from './request.ts';

/** Collects what the kernel answers to one request, until the message that ends it. */
export class Answer<T> {
  readonly values: T[] = [];
  /** The kernel changed what it was listing: the answer is not one consistent picture. */
  interrupted = false;
  readonly request: Request;
  readonly sequence: number;
  readonly #decode: (message: Message) => T;
  #failure: unknown;

  constructor(request: Request, sequence: number, decode: (message: Message) => T) {
    this.request = request;
    this.sequence = sequence;
    this.#decode = decode;
  }

  /** True when the answer has ended. Messages that answer an earlier request are passed over. */
  read(source: Source, length: number): boolean {
    for (const message of readMessages(source, length)) {
      if (message.sequence === this.sequence && this.#take(message)) return true;
    }
    return false;
  }

  /** The values, or what went wrong. */
  finish(): T[] {
    if (this.#failure !== undefined) throw this.#failure;
    return this.values;
  }

  #take(message: Message): boolean {
    if (message.flags & flag.dumpInterrupted) this.interrupted = true;
    if (message.type === controlType.error || message.type === controlType.done) {
      this.#failure ??= failureIn(message, this.request);
      return true;
    }
    if (message.type === controlType.overrun) this.#failure ??= overrun(this.request);
    else if (message.type !== controlType.noop) this.#decodeOne(message);
    return !(this.request.flags & flag.acknowledge) && !(message.flags & flag.multi);
  }

  /** A failure waits for the end: a dump left half read would refuse the next request (EBUSY). */
  #decodeOne(message: Message): void {
    if (this.#failure !== undefined) return;
    try {
      this.values.push(this.#decode(message));
    } catch (error) {
      this.#failure = error;
    }
  }
}

function overrun(request: Request): KernelError {
  return new KernelError({ call: request.call, errno: 105, code: 'ENOBUFS' });
}

/** A dump kept changing under the reader. */
export function neverConsistent(request: Request, attempts: number): DomainError {
  return new DomainError(
    'unavailable',
    `${request.call}: the kernel changed its list during each of ${attempts} dumps`,
  );
}

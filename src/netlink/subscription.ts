import { DomainError, isKernelError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { addon } from '../kernel/addon.ts';
import { readMessages, Source, type Message } from './message.ts';
import { joinGroup, openSocket, setReceiveBuffer, type NamespaceReference } from './open-socket.ts';

/** Events were lost: the consumer lists what it follows again, then goes on. */
export interface Resync {
  readonly kind: 'resync';
}

export interface SubscriptionOptions {
  readonly namespace?: NamespaceReference;
  /** How much the kernel keeps while the consumer is busy, before events are lost. */
  readonly receiveBytes?: number;
}

/** Which multicast groups to join, and how their messages become events. */
export interface SubscriptionPlan<Event> {
  readonly protocol: number;
  readonly groups: readonly number[];
  /** Undefined for messages of no interest. */
  decode(message: Message): Event | undefined;
}

const scratch = new Source(Buffer.alloc(128 * 1024));
const nothing = Buffer.alloc(0);

/**
 * A socket that follows multicast groups, as an async iterable with one consumer. Messages are
 * read only while the consumer wants some; what piles up beyond the kernel's buffer is lost, and
 * the consumer gets a `resync` event in its place. `close`, `return` or a `using` block end it.
 */
export class Subscription<Event>
  implements AsyncIterableIterator<Event | Resync, undefined>, AsyncDisposable
{
  readonly #fd: number;
  readonly #decode: (message: Message) => Event | undefined;
  readonly #watch: { arm(): void; close(): void };
  #events: (Event | Resync)[] = [];
  #waiting: PromiseWithResolvers<IteratorResult<Event | Resync, undefined>> | undefined;
  #failure: unknown;
  #closed = false;

  private constructor(fd: number, decode: (message: Message) => Event | undefined) {
    this.#fd = fd;
    this.#decode = decode;
    this.#watch = addon.netlinkWatch(fd, () => this.#readable());
  }

  /** Follows from the moment it resolves: list after it, and no change falls between. */
  static async open<Event>(
    plan: SubscriptionPlan<Event>,
    options: SubscriptionOptions = {},
  ): Promise<Subscription<Event>> {
    const fd = await openSocket(plan.protocol, options.namespace);
    try {
      setReceiveBuffer(fd, options.receiveBytes ?? limits.netlinkReceiveBytes);
      for (const group of plan.groups) joinGroup(fd, group);
    } catch (error) {
      addon.netlinkClose(fd);
      throw error;
    }
    return new Subscription(fd, (message) => plan.decode(message));
  }

  next(): Promise<IteratorResult<Event | Resync, undefined>> {
    if (this.#waiting !== undefined) {
      return Promise.reject(new DomainError('conflict', 'A subscription has one consumer'));
    }
    if (this.#events.length === 0 && !this.#closed && this.#failure === undefined) this.#read();
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    if (this.#failure !== undefined) return this.#fail();
    if (this.#closed) return Promise.resolve({ value: undefined, done: true });
    this.#waiting = Promise.withResolvers();
    this.#watch.arm();
    return this.#waiting.promise;
  }

  return(): Promise<IteratorResult<Event | Resync, undefined>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** Ends the iteration and closes the socket. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events = [];
    this.#watch.close();
    this.#waiting?.resolve({ value: undefined, done: true });
    this.#waiting = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #fail(): Promise<never> {
    const failure = this.#failure;
    this.close();
    return Promise.reject(failure);
  }

  #readable(): void {
    const waiting = this.#waiting;
    if (this.#closed || waiting === undefined) return;
    this.#waiting = undefined;
    this.next().then(waiting.resolve, waiting.reject);
  }

  /** Reads what is there, up to the bound; an overrun is told first and then does not repeat. */
  #read(): void {
    while (this.#events.length < limits.netlinkEvents) {
      try {
        const got = addon.netlinkExchange(this.#fd, nothing, 0, scratch.bytes, 0, true);
        if (got === 0) return;
        for (const message of readMessages(scratch, got)) {
          const event = this.#decode(message);
          if (event !== undefined) this.#events.push(event);
        }
      } catch (error) {
        if (isKernelError(error, 'ENOBUFS')) {
          this.#events.push({ kind: 'resync' });
        } else {
          this.#failure = error;
          return;
        }
      }
    }
  }
}

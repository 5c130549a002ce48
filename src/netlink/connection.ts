import { setImmediate } from 'node:timers/promises';
import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { addon } from '../kernel/addon.ts';
import { Answer, neverConsistent } from './answer.ts';
import { BatchAnswer, type BatchFailure } from './batch-answer.ts';
import { flag, Source, type Message } from './message.ts';
import { openSocket, protocol, setSendBuffer, type NamespaceReference } from './open-socket.ts';
import type { Request } from './request.ts';
import { MessageWriter } from './writer.ts';

export interface ConnectionOptions {
  /** The network namespace to speak to; the process's own by default. */
  readonly namespace?: NamespaceReference;
  /** `route` (rtnetlink) by default; `netfilter` for nftables and conntrack; `generic`. */
  readonly protocol?: keyof typeof protocol;
}

/**
 * A netlink socket in the given network namespace. It stays there when the process changes, and
 * keeps the namespace alive until `close` (or the end of a `using` block).
 * Throws KernelError; EINVAL when the path is not a network namespace. Like `ip -n NAME`.
 */
export async function open(options: ConnectionOptions = {}): Promise<Connection> {
  const fd = await openSocket(protocol[options.protocol ?? 'route'], options.namespace);
  return new Connection(fd);
}

/** Filled and read within one call, so that all connections of a thread can share them. */
const scratch = new Source(Buffer.alloc(256 * 1024));
const writer = new MessageWriter(64 * 1024);
const nothing = Buffer.alloc(0);
const sequenceLimit = 0x7fffffff;
const defaultSendBytes = 128 * 1024;
/** More messages than this take long enough to be sent from a thread of the pool. */
const batchOnLoop = 32;
const batchBytesOnLoop = 32 * 1024;
/** Acknowledgements of that many refused messages fit into the receive buffer. */
const batchMessages = 2048;

/**
 * Requests to the kernel, one at a time and in order. Small ones complete within one system call
 * pair on the calling thread; slow ones, and answers that are not there at once, on another.
 */
export class Connection implements Disposable {
  readonly #fd: number;
  #sequence = 0;
  #tail: Promise<void> | undefined;
  #waiting = 0;
  #sendBytes = defaultSendBytes;
  #closed = false;

  /** Takes the socket over. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Sends a request and resolves to what the kernel answered, decoded; a dump that the kernel
   * calls interrupted is begun again. Throws KernelError with the kernel's own text.
   */
  transact(request: Request): Promise<undefined[]>;
  transact<T>(request: Request, decode: (message: Message) => T): Promise<T[]>;
  transact<T>(request: Request, decode?: (message: Message) => T): Promise<(T | undefined)[]> {
    return decode === undefined ? this.#ask(request, ignore) : this.#ask(request, decode);
  }

  /**
   * Sends many changes in as few system calls as possible (one up to 2,048 messages) and resolves
   * to the ones that the kernel refused, by index. They are not one transaction: the others hold.
   */
  batch(requests: readonly Request[]): Promise<BatchFailure[]> {
    return this.#inOrder(async () => {
      const failures: BatchFailure[] = [];
      for (let first = 0; first < requests.length; first += batchMessages) {
        const part = requests.slice(first, first + batchMessages);
        for (const { index, error } of await this.#sendTogether(part, part.length - 1)) {
          failures.push({ index: first + index, error });
        }
      }
      return failures;
    });
  }

  /**
   * Sends all messages in one system call, which nf_tables makes one transaction; the message at
   * `last` is asked to be acknowledged. Resolves to the refused ones.
   */
  transaction(requests: readonly Request[], last: number): Promise<BatchFailure[]> {
    return this.#inOrder(() => this.#sendTogether(requests, last));
  }

  /** Closes the socket, after the requests that are under way. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#tail === undefined) addon.netlinkClose(this.#fd);
    else void this.#tail.then(() => addon.netlinkClose(this.#fd));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ask<T>(request: Request, decode: (message: Message) => T): Promise<T[]> {
    return this.#inOrder(() => {
      const answer = this.#send(request, decode);
      if (answer instanceof Promise) return answer.then((ended) => this.#settle(ended, decode));
      return this.#settle(answer, decode);
    });
  }

  /** Runs at once when nothing is under way, otherwise after what is. */
  #inOrder<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closed());
    try {
      if (this.#tail !== undefined) return this.#enqueue(work);
      if (++completedAtOnce >= atOnceInARow) return this.#hold(nextTurn().then(work));
      const result = work();
      return result instanceof Promise ? this.#hold(result) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#waiting >= limits.netlinkQueue) {
      const message = `A netlink connection has ${this.#waiting} requests waiting`;
      throw new DomainError('unavailable', message);
    }
    this.#waiting++;
    const result = (this.#tail ?? Promise.resolve()).then(() => {
      this.#waiting--;
      return work();
    });
    return this.#hold(result);
  }

  #hold<T>(result: Promise<T>): Promise<T> {
    const settle = (): void => {
      if (this.#tail === tail) this.#tail = undefined;
    };
    const tail = result.then(settle, settle);
    this.#tail = tail;
    return result;
  }

  #settle<T>(answer: Answer<T>, decode: (message: Message) => T): T[] | Promise<T[]> {
    const values = answer.finish();
    return answer.interrupted ? this.#repeat(answer.request, decode) : values;
  }

  /** Another attempt at a consistent dump, and another, each in a turn of its own. */
  async #repeat<T>(request: Request, decode: (message: Message) => T): Promise<T[]> {
    for (let attempt = 1; attempt < limits.netlinkDumpAttempts; attempt++) {
      await nextTurn();
      const answer = await this.#send(request, decode);
      const values = answer.finish();
      if (!answer.interrupted) return values;
    }
    throw neverConsistent(request, limits.netlinkDumpAttempts);
  }

  #send<T>(request: Request, decode: (message: Message) => T): Answer<T> | Promise<Answer<T>> {
    const answer = new Answer(request, this.#nextSequence(), decode);
    writer.reset();
    writer.beginMessage(request.type, request.flags | flag.request, answer.sequence);
    request.write(writer);
    writer.endMessage();
    this.#makeRoom(writer.length);
    const acknowledged = (request.flags & flag.acknowledge) !== 0;
    if (request.slow === true) return this.#later(answer, writer.take(), acknowledged);
    const { bytes, length } = writer;
    const { sequence } = answer;
    const got = addon.netlinkExchange(
      this.#fd,
      bytes,
      length,
      scratch.bytes,
      sequence,
      acknowledged,
    );
    if (answer.read(scratch, got)) return answer;
    return this.#rest(answer, got, acknowledged);
  }

  /** The parts of a long dump, with a turn of the event loop between them. */
  async #rest<T>(answer: Answer<T>, first: number, acknowledged: boolean): Promise<Answer<T>> {
    let got = first;
    while (got > 0) {
      await nextTurn();
      const { sequence } = answer;
      got = addon.netlinkExchange(this.#fd, nothing, 0, scratch.bytes, sequence, acknowledged);
      if (answer.read(scratch, got)) return answer;
    }
    return this.#later(answer, nothing, acknowledged);
  }

  async #later<T>(answer: Answer<T>, request: Buffer, acknowledged: boolean): Promise<Answer<T>> {
    let sending = request;
    for (;;) {
      const bytes = await addon.netlinkExchangeLater(
        this.#fd,
        sending,
        answer.sequence,
        acknowledged,
        limits.netlinkAnswerMs,
      );
      if (answer.read(new Source(bytes), bytes.length)) return answer;
      sending = nothing;
    }
  }

  async #sendTogether(requests: readonly Request[], last: number): Promise<BatchFailure[]> {
    if (this.#sequence + requests.length >= sequenceLimit) this.#sequence = 0;
    const answer = new BatchAnswer(requests, this.#sequence + 1, last);
    writer.reset();
    for (const [index, request] of requests.entries()) {
      const wanted = index === last ? flag.acknowledge : 0;
      const flags = (request.flags & ~flag.acknowledge) | flag.request | wanted;
      writer.beginMessage(request.type, flags, this.#nextSequence());
      request.write(writer);
      writer.endMessage();
    }
    this.#makeRoom(writer.length);
    const slow =
      requests.length > batchOnLoop ||
      writer.length > batchBytesOnLoop ||
      requests.some((request) => request.slow);
    if (!slow) {
      const { bytes, length } = writer;
      const sequence = answer.lastSequence;
      const got = addon.netlinkExchange(this.#fd, bytes, length, scratch.bytes, sequence, true);
      if (answer.read(scratch, got) || answer.failures.length > 0) return answer.failures;
    }
    return this.#togetherLater(answer, slow ? writer.take() : nothing);
  }

  /** A transaction refused as a whole ends with its refusals: the last message has no answer. */
  async #togetherLater(answer: BatchAnswer, request: Buffer): Promise<BatchFailure[]> {
    const { netlinkAnswerMs } = limits;
    const sequence = answer.lastSequence;
    const bytes = await addon.netlinkExchangeLater(
      this.#fd,
      request,
      sequence,
      true,
      netlinkAnswerMs,
    );
    const ended = answer.read(new Source(bytes), bytes.length);
    if (ended || answer.failures.length > 0) return answer.failures;
    return this.#togetherLater(answer, nothing);
  }

  /** Consecutive, from 1: 0 marks the kernel's own messages. */
  #nextSequence(): number {
    if (this.#sequence >= sequenceLimit) this.#sequence = 0;
    return ++this.#sequence;
  }

  /** The kernel wants 32 bytes beside the message. A larger limit reserves no memory. */
  #makeRoom(bytes: number): void {
    if (bytes + 32 <= this.#sendBytes) return;
    this.#sendBytes = bytes * 2;
    setSendBuffer(this.#fd, this.#sendBytes);
  }
}

/**
 * A loop that awaits requests which complete at once would never let the event loop turn: promises
 * come before timers and sockets. So every so many give way.
 */
const atOnceInARow = 256;
let completedAtOnce = 0;

function nextTurn(): Promise<void> {
  completedAtOnce = 0;
  return setImmediate();
}

function ignore(): undefined {
  return undefined;
}

function closed(): DomainError {
  return new DomainError('unavailable', 'The netlink connection is closed');
}

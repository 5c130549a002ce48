import { Worker } from 'node:worker_threads';
import { DomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Operation, Outcome } from '../driver.ts';
import type { Answer, Errand, Failure, ThreadOptions } from './message.ts';

/** What the driver does with the thread's news, before the promises of the writers resolve. */
export interface WritingEvents {
  onWritten(operations: readonly Operation[], answer: Answer & { kind: 'written' }): void;
  onFlushed(upTo: number): void;
  onFailure(reason: DomainError): void;
}

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (reason: Error) => void;
}

interface Errands {
  readonly resolve: (done: Done) => void;
  readonly reject: (reason: Error) => void;
}

type Opened = Answer & { kind: 'opened' };
type Done = Answer & { kind: 'done' };

/** The main thread's end of the writing thread: collects the writes of a turn into one message. */
export class Writing {
  readonly #worker: Worker;
  readonly #events: WritingEvents;
  readonly #opened = Promise.withResolvers<Opened>();
  #unsent: Operation[] = [];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #errands = new Map<number, Errands>();
  #lastErrand = 0;
  #ended: DomainError | undefined;

  constructor(options: ThreadOptions, events: WritingEvents) {
    this.#events = events;
    // The flags of the process, such as --input-type, are not for this thread.
    const program = new URL('./thread.ts', import.meta.url);
    this.#worker = new Worker(program, { workerData: options, execArgv: [] });
    this.#worker.on('message', (answer: Answer) => this.#receive(answer));
    this.#worker.on('error', (error) => this.#end(`its thread failed: ${messageOf(error)}`));
    this.#worker.on('exit', () => this.#end('it is closed'));
  }

  opened(): Promise<Opened> {
    return this.#opened.promise;
  }

  write(operation: Operation): Promise<Outcome> {
    const bytes = sizeOf(operation);
    const full =
      this.#waiting.length >= limits.storeQueueWrites ||
      this.#waitingBytes + bytes > limits.storeQueueBytes;
    if (full) {
      const count = this.#waiting.length;
      const reason = new DomainError('unavailable', `The store is behind by ${count} writes`);
      return Promise.reject(reason);
    }
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    this.#waiting.push({ operation, resolve, reject });
    this.#waitingBytes += bytes;
    if (this.#unsent.push(operation) === 1) setImmediate(() => this.#send());
    return promise;
  }

  run(errand: ErrandWithoutId): Promise<Done> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#send();
    const id = ++this.#lastErrand;
    const { promise, resolve, reject } = Promise.withResolvers<Done>();
    this.#errands.set(id, { resolve, reject });
    this.#worker.postMessage({ ...errand, id } satisfies Errand);
    return promise;
  }

  #send(): void {
    if (this.#unsent.length === 0 || this.#ended !== undefined) return;
    const { operations, memory } = packed(this.#unsent);
    this.#unsent = [];
    this.#worker.postMessage({ kind: 'write', operations }, [memory]);
  }

  #receive(answer: Answer): void {
    if (answer.kind === 'opened') this.#opened.resolve(answer);
    if (answer.kind === 'written') this.#written(answer);
    if (answer.kind === 'refused') this.#refused(answer.operations, answer.failure);
    if (answer.kind === 'flushed') this.#events.onFlushed(answer.upTo);
    if (answer.kind === 'done') this.#takeErrand(answer.id)?.resolve(answer);
    if (answer.kind === 'failed') this.#failed(answer.id, answer.failure);
  }

  #written(answer: Answer & { kind: 'written' }): void {
    const waiting = this.#takeWaiting(answer.outcomes.length);
    this.#events.onWritten(
      waiting.map((one) => one.operation),
      answer,
    );
    for (const [index, outcome] of answer.outcomes.entries()) waiting[index]?.resolve(outcome);
  }

  #refused(operations: number, failure: Failure): void {
    // A commit that failed in an unknown way may still be found on the disk afterwards.
    const kind = failure.final ? 'timeout' : failure.kind;
    const reason = new DomainError(kind, failure.message);
    for (const one of this.#takeWaiting(operations)) one.reject(reason);
    if (failure.final) this.#fail(new DomainError(failure.kind, failure.message));
  }

  #failed(id: number | undefined, failure: Failure): void {
    const reason = new DomainError(failure.kind, failure.message);
    if (id !== undefined) this.#takeErrand(id)?.reject(reason);
    if (failure.final) this.#fail(reason);
  }

  #takeWaiting(count: number): Waiting[] {
    const taken = this.#waiting.splice(0, count);
    for (const { operation } of taken) this.#waitingBytes -= sizeOf(operation);
    return taken;
  }

  #takeErrand(id: number): Errands | undefined {
    const errand = this.#errands.get(id);
    this.#errands.delete(id);
    return errand;
  }

  #end(why: string): void {
    this.#fail(new DomainError('unavailable', `The store takes no more requests: ${why}`));
  }

  #fail(reason: DomainError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#opened.reject(reason);
    const unknown = new DomainError('timeout', `${reason.message}; whether it wrote is unknown`);
    for (const one of this.#takeWaiting(this.#waiting.length)) one.reject(unknown);
    for (const id of this.#errands.keys()) this.#takeErrand(id)?.reject(reason);
    this.#events.onFailure(reason);
  }
}

type ErrandWithoutId = Errand extends infer E ? (E extends Errand ? Omit<E, 'id'> : never) : never;

/** All values in one piece of memory that is handed over, not copied again. */
function packed(operations: readonly Operation[]): {
  operations: Operation[];
  memory: ArrayBuffer;
} {
  const total = operations.reduce((sum, one) => sum + sizeOf(one), 0);
  const memory = new Uint8Array(total);
  let offset = 0;
  const moved = operations.map((operation) => {
    if (operation.kind === 'delete') return operation;
    memory.set(operation.value, offset);
    const value = memory.subarray(offset, offset + operation.value.length);
    offset += operation.value.length;
    return { ...operation, value };
  });
  return { operations: moved, memory: memory.buffer };
}

function sizeOf(operation: Operation): number {
  return operation.kind === 'delete' ? 0 : operation.value.length;
}

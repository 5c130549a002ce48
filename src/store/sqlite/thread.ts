/** The thread that owns the database: one transaction for all writes that wait. */
import { DatabaseSync } from 'node:sqlite';
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import type { Operation } from '../driver.ts';
import { Compaction } from './compact.ts';
import { endsStore, sqliteFailure } from './failure.ts';
import { lockStore } from './lock.ts';
import type { Answer, Errand, Failure, Request, ThreadOptions } from './message.ts';
import { createPrivateFile } from './private-file.ts';
import { prepareDatabase, readMeta } from './schema.ts';
import { Writer } from './writer.ts';

/** While others write, the sweep rests so many times as long as it has worked. */
const restFactor = 4;
/** A transaction takes no more, so that the first of its writers is not kept waiting. */
const batchOperations = 1_000;

class StoreThread {
  readonly #port: MessagePort;
  readonly #path: string;
  readonly #lock: Disposable;
  readonly #database: DatabaseSync;
  readonly #writer: Writer;
  readonly #compaction: Compaction;
  readonly #flushTimer: NodeJS.Timeout;
  #waiting: Request[] = [];
  #isSweeping = false;
  /** Someone has written since the last slice. */
  #isBusy = false;
  /** Who waits for the sweep to end. */
  #compactions: number[] = [];

  constructor(port: MessagePort, { path, flushIntervalMs }: ThreadOptions) {
    this.#port = port;
    this.#path = path;
    this.#lock = lockStore(path);
    createPrivateFile(path);
    this.#database = new DatabaseSync(path);
    prepareDatabase(this.#database, path);
    this.#writer = new Writer(this.#database);
    this.#compaction = new Compaction(this.#database);
    this.#flushTimer = setInterval(() => this.#inBackground(() => this.#flush()), flushIntervalMs);
  }

  start(): void {
    this.#writer.recover();
    const compacted = readMeta(this.#database, 'compacted');
    const { head, pastBytes } = this.#writer;
    this.#answer({ kind: 'opened', head, compacted, pastBytes });
    this.#port.on('message', (request: Request) => this.#receive(request));
    this.#sweep();
  }

  #receive(first: Request): void {
    this.#waiting.push(first);
    for (;;) {
      const next = receiveMessageOnPort(this.#port);
      if (next === undefined) break;
      this.#waiting.push(next.message);
    }
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.kind === 'write') this.#write(this.#takeWrites());
      else this.#run(next);
    }
  }

  /** The writes at the front of the queue, of as many messages as fit into one transaction. */
  #takeWrites(): Operation[] {
    const operations: Operation[] = [];
    for (let next = this.#waiting[0]; next?.kind === 'write'; next = this.#waiting[0]) {
      const total = operations.length + next.operations.length;
      if (operations.length > 0 && total > batchOperations) break;
      operations.push(...next.operations);
      this.#waiting.shift();
    }
    return operations;
  }

  #write(operations: readonly Operation[]): void {
    this.#isBusy = true;
    try {
      const outcomes = this.#writer.apply(operations);
      const { head, pastBytes } = this.#writer;
      this.#answer({ kind: 'written', outcomes, head, pastBytes });
    } catch (error) {
      const failure = this.#failure(error);
      this.#answer({ kind: 'refused', operations: operations.length, failure });
      if (failure.final) this.#end();
    }
  }

  #run(errand: Errand): void {
    this.#waiting.shift();
    const { id } = errand;
    try {
      if (errand.kind === 'compact') {
        this.#compact(errand.revision);
        this.#compactions.push(id);
        return;
      }
      const keys = errand.kind === 'keysOf' ? this.#writer.keysOf(errand.session) : [];
      if (errand.kind === 'flush') this.#flush();
      if (errand.kind === 'close') {
        this.#writer.close();
        this.#closeFiles();
      }
      this.#done(id, keys);
      if (errand.kind === 'close') this.#port.close();
    } catch (error) {
      const failure = this.#failure(error);
      this.#answer({ kind: 'failed', id, failure });
      if (failure.final || errand.kind === 'close') this.#end();
    }
  }

  #flush(): void {
    if (this.#writer.hasUnflushed) this.#answer({ kind: 'flushed', upTo: this.#writer.flush() });
  }

  #compact(revision: number): void {
    // A heartbeat stored after the sweep passed its revision would never be swept.
    this.#flush();
    this.#compaction.mark(revision);
    this.#sweep();
  }

  /** Slice by slice, the writers in between: of a busy thread the sweep gets a fifth. */
  #sweep(restMs = 0): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    setTimeout(() => {
      this.#isSweeping = false;
      if (this.#database.isOpen) this.#inBackground(() => this.#sweepSlice());
    }, restMs);
  }

  #sweepSlice(): void {
    try {
      const startMs = performance.now();
      const done = this.#compaction.slice();
      this.#writer.pastBytes -= this.#compaction.freedBytes;
      this.#compaction.freedBytes = 0;
      const restMs = this.#isBusy ? (performance.now() - startMs) * restFactor : 0;
      this.#isBusy = false;
      if (!done) this.#sweep(restMs);
      else for (const id of this.#compactions.splice(0)) this.#done(id, []);
    } catch (error) {
      const failure = this.#failure(error);
      for (const id of this.#compactions.splice(0)) this.#answer({ kind: 'failed', id, failure });
      throw error;
    }
  }

  /** A disk that is full now is no reason to end: this is tried again. */
  #inBackground(act: () => void): void {
    try {
      act();
    } catch (error) {
      const failure = this.#failure(error);
      if (!failure.final) return;
      this.#answer({ kind: 'failed', failure });
      this.#end();
    }
  }

  #done(id: number, keys: readonly string[]): void {
    this.#answer({ kind: 'done', id, keys, pastBytes: this.#writer.pastBytes });
  }

  #failure(error: unknown): Failure {
    const { kind, message } = sqliteFailure(error, this.#path);
    return { kind, message, final: endsStore(error) };
  }

  #end(): void {
    if (this.#database.isOpen) this.#closeFiles();
    this.#port.close();
  }

  #closeFiles(): void {
    clearInterval(this.#flushTimer);
    this.#waiting = [];
    this.#database.close();
    this.#lock[Symbol.dispose]();
  }

  #answer(answer: Answer): void {
    this.#port.postMessage(answer);
  }
}

function openThread(port: MessagePort, options: ThreadOptions): void {
  try {
    new StoreThread(port, options).start();
  } catch (error) {
    const { kind, message } = sqliteFailure(error, options.path);
    const failed: Answer = { kind: 'failed', failure: { kind, message, final: true } };
    port.postMessage(failed);
    process.exit();
  }
}

if (parentPort !== null) openThread(parentPort, workerData as ThreadOptions);

import { Worker } from 'node:worker_threads';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { UnpackResult } from './layer.ts';
import { Ring } from './ring.ts';
import { fromPlain, type FromThread, type ToThread } from './thread-message.ts';
import type { UnpackTask } from './unpack-layer.ts';

const program = new URL('./unpack-thread.ts', import.meta.url);

/** A worker thread and the ring that feeds it. Keeps the process alive only while it works. */
export class UnpackThread {
  readonly ring = new Ring();
  readonly #worker: Worker;
  readonly #onEnd: (thread: UnpackThread) => void;
  #job: PromiseWithResolvers<UnpackResult> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #isAlive = true;

  constructor(onEnd: (thread: UnpackThread) => void) {
    this.#onEnd = onEnd;
    this.#worker = new Worker(program, {
      name: 'unpack',
      resourceLimits: {
        maxOldGenerationSizeMb: limits.layerThreadHeapBytes / 1024 / 1024,
        // By default short-lived objects pile up to 48 MiB a thread before any is freed.
        maxYoungGenerationSizeMb: limits.layerThreadYoungBytes / 1024 / 1024,
      },
      // The addon opens and closes descriptors; Node need not look after them.
      trackUnmanagedFds: false,
    });
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', () => this.#die(undefined));
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Starts on a layer, whose bytes then come through the ring. One at a time. */
  run(task: UnpackTask): Promise<UnpackResult> {
    clearTimeout(this.#idleTimer);
    this.#worker.ref();
    this.ring.reset();
    this.#job = Promise.withResolvers();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    this.#worker.postMessage({ task, memory: this.ring.memory } satisfies ToThread);
    return this.#job.promise;
  }

  /** Resolves when the ring may have room, or the layer is over. */
  async waitForRoom(): Promise<void> {
    if (this.#job === undefined || !this.ring.askForRoom()) return;
    this.#room ??= Promise.withResolvers();
    await this.#room.promise;
  }

  /** Aborts the layer under way. From now on nobody may give it another. */
  async end(): Promise<void> {
    this.#isAlive = false;
    this.#onEnd(this);
    clearTimeout(this.#idleTimer);
    this.ring.abort();
    await this.#job?.promise.catch(() => undefined);
    await this.#worker.terminate();
  }

  #hear(message: FromThread): void {
    if (message.kind === 'room') this.#giveRoom();
    if (message.kind === 'done') this.#settle((job) => job.resolve(message.result));
    if (message.kind === 'failed') this.#settle((job) => job.reject(fromPlain(message.error)));
  }

  #giveRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #settle(settle: (job: PromiseWithResolvers<UnpackResult>) => void): void {
    const job = this.#job;
    this.#job = undefined;
    if (job !== undefined) settle(job);
    this.#giveRoom();
    this.#worker.unref();
    this.#idleTimer = setTimeout(() => void this.end(), limits.layerThreadIdleMs).unref();
  }

  /** Out of memory, or a bug: the layer is lost, not the process. */
  #die(cause: unknown): void {
    this.#isAlive = false;
    const error = new DomainError('unavailable', 'The thread that unpacked the layer died', {
      cause,
    });
    this.#settle((job) => job.reject(error));
    clearTimeout(this.#idleTimer);
    this.#onEnd(this);
  }
}

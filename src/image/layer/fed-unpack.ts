import { DomainError } from '../../base/error.ts';
import type { LayerUnpack, UnpackResult } from './layer.ts';
import type { UnpackThread } from './thread.ts';
import type { UnpackTask } from './unpack-layer.ts';

/** The feeding end of one layer: waits for a thread, then fills its ring. */
export class FedUnpack implements LayerUnpack {
  readonly #thread = Promise.withResolvers<UnpackThread>();
  readonly #outcome = Promise.withResolvers<UnpackResult>();
  #running: UnpackThread | undefined;
  #isWriting = false;
  #isSettled = false;

  constructor() {
    // Whoever writes or finishes hears of a failure; until then it is nobody's.
    this.#thread.promise.catch(() => undefined);
    this.#outcome.promise.catch(() => undefined);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Resolves when the thread is done with it, well or not. */
  async runOn(thread: UnpackThread, task: UnpackTask): Promise<void> {
    this.#running = thread;
    this.#thread.resolve(thread);
    try {
      const result = await thread.run(task);
      this.#isSettled = true;
      this.#outcome.resolve(result);
    } catch (error) {
      this.#isSettled = true;
      this.#outcome.reject(error);
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#isWriting) throw new Error('The write before was not awaited');
    this.#isWriting = true;
    try {
      const thread = await this.#thread.promise;
      let done = 0;
      while (done < chunk.length) {
        // After its end the thread's ring belongs to another layer.
        if (this.#isSettled) return void (await this.#outcome.promise);
        done += thread.ring.put(chunk.subarray(done));
        if (done < chunk.length) await thread.waitForRoom();
      }
    } finally {
      this.#isWriting = false;
    }
  }

  async finish(): Promise<UnpackResult> {
    const thread = await this.#thread.promise;
    if (!this.#isSettled) thread.ring.end();
    return this.#outcome.promise;
  }

  async abort(): Promise<void> {
    if (this.#running === undefined) {
      const error = new DomainError('conflict', 'Unpacking was aborted');
      this.#isSettled = true;
      this.#thread.reject(error);
      this.#outcome.reject(error);
      return;
    }
    if (!this.#isSettled) this.#running.ring.abort();
    await this.#outcome.promise.catch(() => undefined);
  }
}

import { randomUUID } from 'node:crypto';
import type { Session } from '../store.ts';

/**
 * A session of the embedded store. Only one process can have the store open, so its sessions end
 * with it: when closed here, or by the next process that opens the store after a crash.
 */
export class ProcessSession implements Session {
  readonly id = randomUUID();
  readonly #ended = new AbortController();
  readonly #release: (session: ProcessSession) => Promise<void>;

  constructor(release: (session: ProcessSession) => Promise<void>) {
    this.#release = release;
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  abandon(reason: Error): void {
    this.#ended.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    await this.#release(this);
  }
}

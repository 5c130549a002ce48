import { availableParallelism } from 'node:os';
import { DomainError } from '../../base/error.ts';
import { openWayBack, type WayBack } from '../../kernel/confine.ts';
import { FedUnpack } from './fed-unpack.ts';
import type { LayerUnpack, Unpacker, UnpackOptions } from './layer.ts';
import { UnpackThread } from './thread.ts';

/**
 * A pool of threads that unpack layers. By default as many as there are processors, at most four:
 * more only wait for the disk. Threads start when there is work and end when there was none.
 * Needs CAP_SYS_ADMIN, for each thread shuts itself into its layer's folder.
 */
export function createUnpacker(size = Math.min(availableParallelism(), 4)): Unpacker {
  return new ThreadPool(size);
}

interface Waiting {
  readonly unpack: FedUnpack;
  readonly options: UnpackOptions;
}

class ThreadPool implements Unpacker {
  readonly size: number;
  readonly #wayBack: WayBack = openWayBack();
  readonly #idle = new Set<UnpackThread>();
  readonly #busy = new Set<UnpackThread>();
  #queue: Waiting[] = [];
  #closed = false;

  constructor(size: number) {
    this.size = size;
  }

  open(options: UnpackOptions): LayerUnpack {
    if (this.#closed) throw new DomainError('unavailable', 'The unpacker is closed');
    const unpack = new FedUnpack();
    this.#queue.push({ unpack, options });
    this.#dispatch();
    return unpack;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#queue.splice(0).map(({ unpack }) => unpack.abort()));
    await Promise.all([...this.#busy, ...this.#idle].map((thread) => thread.end()));
    this.#wayBack.close();
  }

  /** Gives waiting layers to free threads; those aborted while they waited are passed over. */
  #dispatch(): void {
    while (!this.#closed && this.#busy.size < this.size) {
      this.#queue = this.#queue.filter(({ unpack }) => !unpack.isSettled);
      const next = this.#queue.shift();
      if (next === undefined) return;
      const thread = this.#takeThread();
      const { mountNamespace, root } = this.#wayBack;
      const task = { ...next.options, wayBack: { mountNamespace, root } };
      void next.unpack.runOn(thread, task).then(() => this.#putBack(thread));
    }
  }

  #takeThread(): UnpackThread {
    const [known] = this.#idle;
    const thread = known ?? new UnpackThread((ended) => this.#idle.delete(ended));
    this.#idle.delete(thread);
    this.#busy.add(thread);
    return thread;
  }

  #putBack(thread: UnpackThread): void {
    this.#busy.delete(thread);
    if (thread.isAlive) this.#idle.add(thread);
    this.#dispatch();
  }
}

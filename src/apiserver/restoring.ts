import type { Store } from '../store/store.ts';

const prefix = '/keelson/restoring/';
const sessionSeconds = 15;
const retryMs = 1000;
/** Until the other coordinators have seen it; they hear of it within milliseconds. */
const noticeMs = 2000;

/**
 * Tells all who share a store when its state is being replaced: what works on it has to rest, for
 * objects come back one by one, a pod before what it belongs to. A key of a session says so, which
 * vanishes with a process that is killed meanwhile.
 */
export class Restoring implements Disposable {
  readonly #store: Store;
  readonly #isShared: boolean;
  readonly #ending = new AbortController();
  readonly #begun = new Set<() => void>();
  readonly #over = new Set<() => void>();
  #count = 0;

  constructor(store: Store, isShared: boolean) {
    this.#store = store;
    this.#isShared = isShared;
    void this.#follow();
  }

  get isUnderWay(): boolean {
    return this.#count > 0;
  }

  /** Resolves when a restoration is under way, or with the signal. */
  begun(signal: AbortSignal): Promise<void> {
    return waitFor(this.#begun, this.isUnderWay, signal);
  }

  /** Resolves when none is under way, or with the signal. */
  over(signal: AbortSignal): Promise<void> {
    return waitFor(this.#over, !this.isUnderWay, signal);
  }

  /** Does the work while all others rest. Throws DomainError `exists` when another one restores. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const session = await this.#store.openSession({ timeToLiveSeconds: sessionSeconds });
    await using _session = session;
    const key = `${prefix}one`;
    await this.#store.create(key, Buffer.from('{}'), { session });
    await this.begun(this.#ending.signal);
    if (this.#isShared) await new Promise((resolve) => setTimeout(resolve, noticeMs));
    return await work();
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  /** Never rejects. */
  async #follow(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        const { entries, revision } = await this.#store.list(prefix);
        this.#set(entries.length);
        using watch = this.#store.watch(prefix, { after: revision, signal });
        for await (const changes of watch) {
          const added = changes.filter(({ deleted, previous }) => !deleted && !previous).length;
          const removed = changes.filter(({ deleted }) => deleted).length;
          this.#set(this.#count + added - removed);
        }
      } catch {
        // The store is away, and so is what would be restored.
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
  }

  #set(count: number): void {
    this.#count = count;
    const waiting = count > 0 ? this.#begun : this.#over;
    for (const resolve of waiting) resolve();
    waiting.clear();
  }
}

function waitFor(waiting: Set<() => void>, isSo: boolean, signal: AbortSignal): Promise<void> {
  if (isSo || signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  waiting.add(done);
  signal.addEventListener('abort', done, { once: true });
  return promise.finally(() => {
    waiting.delete(done);
    signal.removeEventListener('abort', done);
  });
}

import { randomUUID } from 'node:crypto';
import { ApiError } from '../api/status.ts';
import { isDomainError } from '../base/error.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import { limits } from '../base/limits.ts';
import type { Session, Store } from '../store/store.ts';

/** One at a time, where what is to be written depends on much that was read. */
export interface Turns {
  /** Other processes write to the store, too: what is remembered may be old. */
  readonly areShared: boolean;
  /** Runs the work when nobody else is at the same. */
  run<T>(what: string, work: () => Promise<T>): Promise<T>;
}

/** Of a store that one process alone has open. */
export class OwnTurns implements Turns {
  readonly areShared = false;
  readonly #lines = new KeyedLock();

  run<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.#lines.run(what, work);
  }
}

const prefix = '/keelson/turns/';
const sessionSeconds = 15;
const pauseMs = 20;

/**
 * Of a store that several coordinators share. Whose turn it is says a key of a session, which
 * vanishes when its process does. Within a process all wait in one line, so that one at most asks.
 */
export class SharedTurns implements Turns, AsyncDisposable {
  readonly areShared = true;
  readonly #store: Store;
  readonly #lines = new KeyedLock();
  #session: Promise<Session> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  run<T>(what: string, work: () => Promise<T>): Promise<T> {
    const key = `${prefix}${what}`;
    return this.#lines.run(what, async () => {
      const session = await this.#take(key);
      try {
        return await work();
      } finally {
        await this.#give(key, session);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    await session?.[Symbol.asyncDispose]();
  }

  async #take(key: string): Promise<Session> {
    const end = performance.now() + limits.apiTurnMs;
    const mark = Buffer.from(randomUUID());
    while (performance.now() < end) {
      const session = await this.#open();
      if (await this.#create(key, mark, session)) return session;
      await new Promise((resolve) => {
        setTimeout(resolve, pauseMs * (0.5 + Math.random()));
      });
    }
    throw new ApiError('ServerTimeout', 'another coordinator did not finish its write in time', {
      retryAfterSeconds: 1,
    });
  }

  async #create(key: string, mark: Buffer, session: Session): Promise<boolean> {
    try {
      await this.#store.create(key, mark, { session });
      return true;
    } catch (error) {
      if (isDomainError(error, 'exists')) return false;
      if (!isDomainError(error, 'timeout')) throw error;
      const { entry } = await this.#store.get(key);
      return entry !== undefined && mark.equals(entry.value);
    }
  }

  async #give(key: string, session: Session): Promise<void> {
    try {
      await this.#store.delete(key);
    } catch (error) {
      if (isDomainError(error, 'notFound')) return;
      // Its key goes with it, at once or when its time is over.
      this.#session = undefined;
      void endLater(session);
    }
  }

  async #open(): Promise<Session> {
    const known = await this.#session?.catch(() => undefined);
    if (known !== undefined && !known.ended.aborted) return known;
    this.#session = this.#store.openSession({ timeToLiveSeconds: sessionSeconds });
    return await this.#session;
  }
}

async function endLater(session: Session): Promise<void> {
  try {
    await session[Symbol.asyncDispose]();
  } catch {
    // It ends when its time is over.
  }
}

import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { CompactedError } from './error.ts';
import { prefixesOf } from './key.ts';
import { RecentChanges } from './recent-changes.ts';
import type { Change } from './store.ts';

/** A watch that is up to date: it hears of changes when they are made. */
export interface Follower {
  readonly prefix: string;
  onChange(change: Change): void;
  /** Everything up to the revision has been told. */
  onProgress(): void;
  onEnd(reason: Error): void;
}

interface ReachWaiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/**
 * Passes each change to the watches it concerns. Watches are found by the prefixes of the changed
 * key, so a thousand watches of a pod each cost a change of another pod nothing.
 */
export class WatchHub {
  head = 0;
  /** Watches from before this can no longer be served. */
  oldest = 0;
  readonly recent = new RecentChanges();
  #watches = new Set<Follower>();
  readonly #followers = new Map<string, Set<Follower>>();
  #reachWaiters: ReachWaiter[] = [];
  #ended: Error | undefined;

  get watches(): number {
    return this.#watches.size;
  }

  start(head: number): void {
    this.head = head;
    this.recent.clear(head);
  }

  publish(changes: readonly Change[], head: number): void {
    this.recent.add(changes);
    this.head = head;
    const told = new Set<Follower>();
    for (const change of changes) {
      for (const prefix of prefixesOf(change.key)) {
        for (const follower of this.#followers.get(prefix) ?? []) {
          follower.onChange(change);
          told.add(follower);
        }
      }
    }
    for (const follower of told) follower.onProgress();
    this.#wakeReached();
  }

  /** Changes up to a revision were missed: no watch can go on without a gap. */
  gap(oldest: number): void {
    this.head = Math.max(this.head, oldest);
    this.oldest = oldest;
    this.recent.clear(this.head);
    this.#endAll(new CompactedError(this.head, oldest));
    this.#wakeReached();
  }

  end(reason: Error): void {
    this.#ended ??= reason;
    this.#endAll(reason);
    for (const { resolve } of this.#reachWaiters.splice(0)) resolve();
  }

  /** Counts a watch, caught up or not. Throws DomainError `unavailable` when there are too many. */
  open(watch: Follower): void {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#watches.size >= limits.storeWatches) {
      throw new DomainError('unavailable', `The store has ${limits.storeWatches} watches already`);
    }
    this.#watches.add(watch);
  }

  close(watch: Follower): void {
    this.#watches.delete(watch);
    const followers = this.#followers.get(watch.prefix);
    followers?.delete(watch);
    if (followers?.size === 0) this.#followers.delete(watch.prefix);
  }

  /** From now on the watch, which has seen all up to {@link head}, is told of each change. */
  follow(watch: Follower): void {
    const followers = this.#followers.get(watch.prefix) ?? new Set();
    this.#followers.set(watch.prefix, followers.add(watch));
  }

  async reached(revision: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.head >= revision) return;
    if (this.#ended !== undefined) throw this.#ended;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { revision, resolve: () => resolve() };
    this.#reachWaiters.push(waiter);
    signal.addEventListener('abort', waiter.resolve, { once: true });
    await promise;
    signal.removeEventListener('abort', waiter.resolve);
    this.#reachWaiters = this.#reachWaiters.filter((other) => other !== waiter);
    signal.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended;
  }

  #wakeReached(): void {
    if (this.#reachWaiters.length === 0) return;
    const reached = this.#reachWaiters.filter(({ revision }) => revision <= this.head);
    this.#reachWaiters = this.#reachWaiters.filter(({ revision }) => revision > this.head);
    for (const { resolve } of reached) resolve();
  }

  #endAll(reason: Error): void {
    for (const watch of this.#watches) {
      watch.onEnd(reason);
      this.close(watch);
    }
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DomainError } from '../../../src/base/error.ts';
import type { Change } from '../../../src/store/store.ts';
import type { HostNews, HostOptions, HostRequest, WatchRequest } from './host-message.ts';

export interface HostWatcher {
  onChanges(changes: readonly Change[]): void;
  onProgress(revision: number): void;
  /** The host is gone, or the store ended the watch. */
  onEnd(reason: DomainError): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** A store in a process of its own, which is started again whenever it dies. */
export class HostedStore implements AsyncDisposable {
  readonly #options: HostOptions;
  #process: ChildProcess | undefined;
  #isOpen = false;
  #closed = false;
  #calls = new Map<number, Waiting>();
  #watchers = new Map<number, HostWatcher>();
  #last = 0;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#start();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Rejects with `unavailable` when nothing was sent, with `timeout` when no answer came. */
  call(request: HostRequest): Promise<unknown> {
    if (!this.#isOpen) return Promise.reject(new DomainError('unavailable', 'the host is down'));
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls.set(id, { resolve, reject });
    this.#process?.send({ ...request, id });
    return promise;
  }

  watch(request: WatchRequest, watcher: HostWatcher): void {
    if (!this.#isOpen) {
      watcher.onEnd(new DomainError('unavailable', 'the host is down'));
      return;
    }
    const watch = ++this.#last;
    this.#watchers.set(watch, watcher);
    this.#process?.send({ ...request, kind: 'watch', watch });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const process = this.#process;
    if (process === undefined || process.exitCode !== null) return;
    const exit = once(process, 'exit');
    process.kill('SIGKILL');
    await exit;
  }

  #start(): void {
    const program = fileURLToPath(new URL('./host.ts', import.meta.url));
    const child = fork(program, [JSON.stringify(this.#options)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#process = child;
    child.on('message', (news: HostNews) => this.#receive(news));
    child.on('exit', () => this.#onExit());
    child.on('error', () => {});
  }

  #receive(news: HostNews): void {
    if (news.kind === 'opened') this.#isOpen = true;
    if (news.kind === 'answer') this.#take(news.id)?.resolve(news.value);
    if (news.kind === 'failure') {
      this.#take(news.id)?.reject(new DomainError(news.failure.kind, news.failure.message));
    }
    if (news.kind === 'changes') this.#watchers.get(news.watch)?.onChanges(news.changes);
    if (news.kind === 'progress') this.#watchers.get(news.watch)?.onProgress(news.revision);
    if (news.kind === 'ended') {
      const watcher = this.#watchers.get(news.watch);
      this.#watchers.delete(news.watch);
      watcher?.onEnd(new DomainError(news.failure.kind, news.failure.message));
    }
  }

  #onExit(): void {
    this.#isOpen = false;
    for (const id of this.#calls.keys()) {
      this.#take(id)?.reject(new DomainError('timeout', 'the host died'));
    }
    const watchers = [...this.#watchers.values()];
    this.#watchers.clear();
    for (const watcher of watchers) watcher.onEnd(new DomainError('unavailable', 'the host died'));
    if (!this.#closed) setTimeout(() => this.#closed || this.#start(), 100);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#calls.get(id);
    this.#calls.delete(id);
    return waiting;
  }
}

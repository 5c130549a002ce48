import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DomainError } from '../../base/error.ts';
import { fromPlain } from '../layer/thread-message.ts';
import type { RootSource } from './container-root.ts';
import type { CopyInRequest } from './copy-in.ts';
import type { CopiedKind, CopyOutRequest } from './copy-out.ts';
import type { CopyAnswer, CopyNews, CopyTask } from './copy-thread.ts';

/**
 * Copies a file or folder out of a container, running or not: first what it is, then its tar
 * archive. A thread does it, for a file system of the container may keep it waiting for good;
 * `signal` gives it up. Throws DomainError `notFound`, `invalid`, KernelError.
 * Equivalent: `docker cp CONTAINER:PATH -`.
 */
export async function* copyFilesOut(
  source: RootSource,
  request: CopyOutRequest,
  signal: AbortSignal,
): AsyncGenerator<CopiedKind | Uint8Array> {
  await using thread = new CopyThread({ source, out: request }, signal);
  for (let news = await thread.hear(); !('done' in news); news = await thread.hear()) {
    if ('kind' in news) yield news.kind;
    if ('bytes' in news) yield news.bytes;
    thread.answer('next');
  }
}

/**
 * Copies what an archive holds into a container, running or not. Resolves when all of it is there.
 * Throws DomainError `notFound`, `conflict`, `invalid`, KernelError (EROFS, ENOSPC).
 * Equivalent: `docker cp - CONTAINER:PATH`.
 */
export async function copyFilesIn(
  source: RootSource,
  request: CopyInRequest & { readonly archive: AsyncIterable<Uint8Array> },
  signal: AbortSignal,
): Promise<void> {
  const { archive, ...rest } = request;
  await using thread = new CopyThread({ source, in: rest }, signal);
  // Its first words come before any input is asked for: a place that is not there is told at once.
  let news = await thread.hear();
  for await (const bytes of archive) {
    if ('done' in news) return;
    thread.answer({ bytes });
    news = await thread.hear();
  }
  thread.answer('end');
  while (!('done' in news)) news = await thread.hear();
}

/** A thread that is not held up ends at once. */
const endMs = 1000;

class CopyThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #news: CopyNews[] = [];
  #end: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(task: CopyTask, signal: AbortSignal) {
    signal.throwIfAborted();
    this.#worker = new Worker(new URL('copy-thread.ts', import.meta.url), {
      name: 'copy',
      workerData: task,
      trackUnmanagedFds: false,
    });
    this.#worker.on('message', (news: CopyNews) => {
      this.#news.push(news);
      this.#wake();
    });
    this.#worker.on('error', (cause) => this.#stop('The thread that copied died', cause));
    this.#worker.on('exit', () => this.#stop('The thread that copied ended'));
    signal.addEventListener('abort', () => this.#stop('Copying was given up'), { once: true });
  }

  async hear(): Promise<CopyNews> {
    while (this.#news.length === 0) {
      if (this.#end !== undefined) throw this.#end;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const news = this.#news.shift() ?? { done: true };
    if ('failed' in news) throw fromPlain(news.failed);
    return news;
  }

  answer(answer: CopyAnswer): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    this.#worker.postMessage(answer);
  }

  /** Its mounts are gone then, unless it hangs in the kernel, which nobody waits for. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.race([this.#worker.terminate(), sleep(endMs, undefined, { ref: false })]);
  }

  #stop(message: string, cause?: unknown): void {
    this.#end ??= new DomainError('unavailable', message, { cause });
    this.#wake();
  }
}

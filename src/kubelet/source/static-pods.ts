import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../../base/clock.ts';
import { hasCode, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { Wakeup } from '../../base/wakeup.ts';
import type { LivePod } from '../pod/live-pod.ts';
import type { PodListener } from './api-source.ts';
import { parseStaticPod } from './parse-static-pod.ts';

export interface StaticPodsOptions {
  /** A folder, or one file; empty for none. */
  readonly path: string;
  readonly nodeName: string;
  /** How often it is read although nothing was told. */
  readonly checkMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pods: PodListener;
}

const longestFile = 10 * 1024 * 1024;
/** Whoever writes a file writes more than once. */
const settleMs = 50;

/** The pods that files on the node describe, one a file. */
export class StaticPods {
  readonly #options: StaticPodsOptions;
  readonly #wakeup = new Wakeup();
  readonly #synced = Promise.withResolvers<void>();
  readonly #complaints = new Map<string, string>();
  #known = new Map<string, LivePod>();

  constructor(options: StaticPodsOptions) {
    this.#options = options;
    if (options.path === '') this.#synced.resolve();
  }

  /** Resolves when the folder was read once. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { path, checkMs, clock } = this.#options;
    if (path === '') return;
    let watcher: FSWatcher | undefined;
    signal.addEventListener('abort', () => this.#wakeup.wake(), { once: true });
    while (!signal.aborted) {
      watcher ??= this.#watch(path, () => {
        watcher = undefined;
      });
      await this.#read();
      this.#synced.resolve();
      await this.#wakeup.wait(checkMs);
      await sleep(clock, settleMs, signal);
    }
    watcher?.close();
  }

  #watch(path: string, ended: () => void): FSWatcher | undefined {
    try {
      const watcher = watch(path, () => this.#wakeup.wake());
      return watcher.on('error', () => {
        watcher.close();
        ended();
      });
    } catch {
      // Not there yet: the next reading tries again.
      return undefined;
    }
  }

  async #read(): Promise<void> {
    const { pods, log } = this.#options;
    const found = new Map<string, LivePod>();
    for (const file of await this.#files()) {
      const pod = await this.#podIn(file);
      if (pod === undefined) continue;
      const name = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
      const isTwice = [...found.values()].some(({ metadata }) => {
        return `${metadata.namespace ?? ''}/${metadata.name}` === name;
      });
      if (isTwice) log.warn(`static pod ${name} is in more than one file: "${file}" is ignored`);
      else found.set(pod.metadata.uid, pod);
    }
    const before = this.#known;
    this.#known = found;
    for (const [uid, pod] of before) if (!found.has(uid)) pods.forget(pod);
    for (const [uid, pod] of found) if (!before.has(uid)) pods.update(pod);
  }

  async #files(): Promise<string[]> {
    const { path } = this.#options;
    try {
      if (!(await stat(path)).isDirectory()) return [path];
      const names = await readdir(path);
      const shown = names.filter((name) => !name.startsWith('.')).toSorted();
      return shown.map((name) => join(path, name));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) this.#complain(path, messageOf(error));
      return [];
    }
  }

  /** A file that is wrong keeps its last pod from nothing: it is no pod. */
  async #podIn(file: string): Promise<LivePod | undefined> {
    try {
      const { size, mode } = await stat(file);
      if ((mode & 0o170000) !== 0o100000) return undefined;
      if (size > longestFile) throw new Error(`longer than ${longestFile} bytes`);
      const text = await readFile(file, 'utf8');
      const hash = createHash('sha256');
      const digest = hash.update(`${this.#options.nodeName}\n${file}\n${text}`).digest('hex');
      const pod = parseStaticPod(text, { nodeName: this.#options.nodeName, hash: digest });
      this.#complaints.delete(file);
      return pod;
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) this.#complain(file, messageOf(error));
      return undefined;
    }
  }

  /** Once for each new trouble. */
  #complain(file: string, words: string): void {
    if (this.#complaints.get(file) === words) return;
    this.#complaints.set(file, words);
    this.#options.log.warn(`static pod in ${JSON.stringify(file)}: ${words}`);
  }
}

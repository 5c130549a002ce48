import { isKernelError } from '../base/error.ts';
import { addon } from './addon.ts';
import type { WatchHandle } from './addon/socket-addon.ts';

/** Connections that wait to be accepted; a client of one more gets EAGAIN. */
const backlog = 512;

/** How long accepting rests when the process has no descriptors left. */
const restMs = 100;

/**
 * A Unix socket of kind SOCK_SEQPACKET that listens at `folder/name`, mode 0600, in the place of
 * whatever socket was there. Each connection is handed over as a descriptor for `MessageSocket`.
 */
export class MessageListener implements Disposable {
  readonly #fd: number;
  readonly #onConnection: (fd: number) => void;
  #watch: WatchHandle | undefined;
  #rest: NodeJS.Timeout | undefined;

  constructor(folder: string, name: string, onConnection: (fd: number) => void) {
    this.#fd = addon.socketListen(folder, name, backlog);
    this.#onConnection = onConnection;
    this.#watch = addon.watchStart(this.#fd, () => this.#accept());
  }

  /** Accepts no more; connections that are there stay. Closing twice does nothing. */
  close(): void {
    if (this.#watch === undefined && this.#rest === undefined) return;
    this.#pause();
    clearTimeout(this.#rest);
    this.#rest = undefined;
    addon.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #accept(): void {
    while (this.#watch !== undefined) {
      const fd = this.#next();
      if (fd === undefined) return;
      this.#onConnection(fd);
    }
  }

  /** Without descriptors the listener stays readable: trying on would keep the thread busy. */
  #next(): number | undefined {
    try {
      return addon.socketAccept(this.#fd);
    } catch (error) {
      if (!isKernelError(error, 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS')) throw error;
      this.#pause();
      this.#rest = setTimeout(() => this.#resume(), restMs);
      return undefined;
    }
  }

  #pause(): void {
    if (this.#watch !== undefined) addon.watchStop(this.#watch);
    this.#watch = undefined;
  }

  #resume(): void {
    this.#rest = undefined;
    this.#watch = addon.watchStart(this.#fd, () => this.#accept());
  }
}

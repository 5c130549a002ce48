import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { outsideRequests } from '../base/request.ts';
import { addon } from './addon.ts';
import type { WatchHandle } from './addon/socket-addon.ts';

/** What the other end sent: one message, and descriptors that the receiver now owns. */
export interface Message {
  readonly data: Buffer;
  readonly fds: readonly number[];
}

export interface SocketListener {
  onMessage(message: Message): void;
  /** Once, when the other end is closed or the connection failed. Not after `close`. */
  onEnd(error?: unknown): void;
}

/**
 * A Unix socket of kind SOCK_SEQPACKET: whole messages in order, with open descriptors
 * (unix(7), SCM_RIGHTS). Sending does not wait: what the kernel does not take yet is queued, up
 * to a bound, past which `send` throws DomainError `unavailable`.
 */
export class MessageSocket {
  readonly #fd: number;
  readonly #listener: SocketListener;
  readonly #watch: WatchHandle;
  #queue: { data: Uint8Array; fds: readonly number[] }[] = [];
  #open = true;

  /** Takes over a connected, non-blocking socket. */
  constructor(fd: number, listener: SocketListener) {
    this.#fd = fd;
    this.#listener = listener;
    // Whoever needed the connection first, what comes over it is everybody's.
    this.#watch = outsideRequests(() => addon.watchStart(fd, (events) => this.#onReady(events)));
  }

  /** Connects to `folder/name`; the folder's path may be longer than a socket's address. */
  static connect(folder: string, name: string, listener: SocketListener): MessageSocket {
    return new MessageSocket(addon.socketConnect(folder, name), listener);
  }

  /** Sends one message. The descriptors stay the caller's, who keeps them open while queued. */
  send(data: Uint8Array, fds: readonly number[] = []): void {
    if (!this.#open) throw new DomainError('unavailable', 'Socket is closed');
    if (this.#queue.length === 0 && addon.messageSend(this.#fd, data, fds)) return;
    if (this.#queue.length >= limits.socketQueue) {
      throw new DomainError('unavailable', 'The other end of a socket does not read');
    }
    this.#queue.push({ data, fds });
    addon.watchWritable(this.#watch, true);
  }

  /** The process at the other end when it connected, or when it began to listen. */
  peer(): { readonly pid: number; readonly uid: number; readonly gid: number } {
    return addon.socketPeer(this.#fd);
  }

  /** Whether an open socket keeps the process alive; it does at first. */
  setReference(wanted: boolean): void {
    if (this.#open) addon.watchReference(this.#watch, wanted);
  }

  /** Closing twice does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#queue = [];
    addon.watchStop(this.#watch);
    addon.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #onReady(events: number): void {
    try {
      if ((events & 2) !== 0) this.#flush();
      if ((events & 1) !== 0) this.#receive();
    } catch (error) {
      this.#end(error);
    }
  }

  #flush(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (!addon.messageSend(this.#fd, next.data, next.fds)) return;
      this.#queue.shift();
    }
    addon.watchWritable(this.#watch, false);
  }

  #receive(): void {
    while (this.#open) {
      const message = addon.messageReceive(this.#fd);
      if (message === undefined) return;
      if (message === null) return this.#end();
      this.#listener.onMessage(message);
    }
  }

  #end(error?: unknown): void {
    if (!this.#open) return;
    this.close();
    this.#listener.onEnd(error);
  }
}

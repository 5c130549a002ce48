import { addon } from './addon.ts';
import type { WatchHandle } from './addon/socket-addon.ts';

export interface TcpTarget {
  /** IPv4 or IPv6, as a number: names are somebody else's to look up. */
  readonly address: string;
  readonly port: number;
  /** Sent as soon as there is a connection; empty to only connect. */
  readonly request: Uint8Array;
}

export interface ExchangeListener {
  /** The other end has accepted, and the kernel has taken the whole request. */
  onSent(): void;
  onData(data: Buffer): void;
  /** Once: the other end has closed, or with the KernelError of a failure. Not after `close`. */
  onEnd(error?: unknown): void;
}

/**
 * One request over a TCP connection of its own, and whatever is answered: as `nc ADDRESS PORT`, at
 * a fraction of what a `net.Socket` costs. `close` before the other end's resets it. Has no time
 * limit of its own. Listeners are never called before the constructor has returned.
 */
export class TcpExchange implements Disposable {
  readonly #fd: number;
  readonly #listener: ExchangeListener;
  readonly #watch: WatchHandle;
  #rest: Uint8Array | undefined;
  #open = true;
  #ended = false;

  /** Throws KernelError where the kernel refuses at once: there is no route. */
  constructor({ address, port, request }: TcpTarget, listener: ExchangeListener) {
    this.#listener = listener;
    this.#rest = request;
    this.#fd = addon.tcpDial(address, port);
    this.#watch = addon.watchStart(this.#fd, (events) => this.#onReady(events));
    addon.watchWritable(this.#watch, true);
  }

  /** Closing twice does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    addon.watchStop(this.#watch);
    if (!this.#ended) addon.tcpReset(this.#fd);
    addon.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #onReady(events: number): void {
    try {
      if (this.#rest !== undefined) this.#send(this.#rest);
      if ((events & 1) !== 0) this.#receive();
    } catch (error) {
      this.#end(error);
    }
  }

  #send(data: Uint8Array): void {
    const sent = addon.streamSend(this.#fd, data);
    if (sent === undefined) return;
    const rest = data.subarray(sent);
    this.#rest = rest.length === 0 ? undefined : rest;
    if (this.#rest !== undefined) return;
    addon.watchWritable(this.#watch, false);
    this.#listener.onSent();
  }

  #receive(): void {
    while (this.#open) {
      const data = addon.streamReceive(this.#fd);
      if (data === undefined) return;
      if (data === null) {
        this.#ended = true;
        return this.#end();
      }
      this.#listener.onData(data);
    }
  }

  #end(error?: unknown): void {
    if (!this.#open) return;
    this.close();
    this.#listener.onEnd(error);
  }
}

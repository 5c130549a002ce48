import { addon } from './addon.ts';
import type { WatchHandle } from './addon/socket-addon.ts';

export interface TcpTarget {
  /** IPv4 or IPv6, as a number: names are somebody else's to look up. */
  readonly address: string;
  readonly port: number;
  /** Sent as soon as there is a connection; empty to only connect. */
  readonly request: Uint8Array;
  /**
   * How long an answer may lie there before it is read; 0 by default. Who asks many at once is then
   * woken once for all of them.
   */
  readonly lookAfterMs?: number;
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
  #watch: WatchHandle | undefined;
  #look: Look | undefined;
  #rest: Uint8Array | undefined;
  #open = true;
  #ended = false;

  /** Throws KernelError where the kernel refuses at once: there is no route. */
  constructor({ address, port, request, lookAfterMs = 0 }: TcpTarget, listener: ExchangeListener) {
    this.#listener = listener;
    this.#rest = request;
    this.#fd = addon.tcpDial(address, port);
    try {
      // Within a machine the connection stands by now, and nobody has to be woken for it.
      if (request.length > 0) this.#push(request);
    } catch (error) {
      queueMicrotask(() => this.#end(error));
      return;
    }
    const isSent = this.#rest === undefined;
    if (isSent) {
      queueMicrotask(() => {
        if (this.#open) listener.onSent();
      });
    }
    if (!isSent || lookAfterMs === 0) this.#wait();
    else this.#look = joinLook(lookAfterMs, () => this.#lookOnce());
  }

  /** Closing twice does nothing. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#look?.leave();
    if (this.#watch !== undefined) addon.watchStop(this.#watch);
    if (!this.#ended) addon.tcpReset(this.#fd);
    addon.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #wait(): void {
    this.#watch = addon.watchStart(this.#fd, (events) => this.#onReady(events));
    if (this.#rest !== undefined) addon.watchWritable(this.#watch, true);
  }

  #lookOnce(): void {
    try {
      this.#receive();
      if (this.#open) this.#wait();
    } catch (error) {
      this.#end(error);
    }
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
    this.#push(data);
    if (this.#rest !== undefined) return;
    if (this.#watch !== undefined) addon.watchWritable(this.#watch, false);
    this.#listener.onSent();
  }

  /** What the kernel takes of it; the rest waits. */
  #push(data: Uint8Array): void {
    const sent = addon.streamSend(this.#fd, data);
    if (sent === undefined) return;
    this.#rest = sent === data.length ? undefined : data.subarray(sent);
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

interface Look {
  readonly leave: () => void;
}

/** By how long they wait: one timer for all exchanges that have begun while it runs. */
const looks = new Map<number, Set<() => void>>();

function joinLook(afterMs: number, look: () => void): Look {
  const all = looks.get(afterMs) ?? new Set();
  if (!looks.has(afterMs)) {
    looks.set(afterMs, all);
    setTimeout(() => {
      looks.delete(afterMs);
      for (const one of all) one();
    }, afterMs);
  }
  all.add(look);
  return { leave: () => all.delete(look) };
}

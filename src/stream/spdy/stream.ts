import { Duplex } from 'node:stream';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Headers } from './headers.ts';
import { resetStatus } from './frame.ts';

/** What a stream needs of its connection. */
export interface StreamLink {
  send(stream: number, data: { bytes: Buffer; end: boolean }, done: StreamDone): void;
  reset(stream: number, status: number): void;
  /** Nothing comes or goes on it any more. */
  forget(stream: number): void;
}

export type StreamDone = (error?: Error | null) => void;

/**
 * One stream of a SPDY connection. `end` closes our half (FLAG_FIN), `destroy` both at once
 * (RST_STREAM). A reset by the other end shows as a destroyed stream; nobody need listen for
 * `error`.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  /** What it was opened with. */
  readonly headers: Headers;
  readonly #link: StreamLink;
  #localEnded = false;
  #remoteEnded = false;
  #takeMore: (() => void) | undefined;

  constructor(id: number, headers: Headers, link: StreamLink) {
    super({ readableHighWaterMark: limits.streamBufferBytes });
    this.id = id;
    this.headers = headers;
    this.#link = link;
    this.on('error', () => undefined);
  }

  /** Whether our half is closed. */
  get localEnded(): boolean {
    return this.#localEnded;
  }

  /** Hands in what came; a promise when the reader is behind, which resolves when it is not. */
  deliver(bytes: Buffer, end: boolean): Promise<void> | undefined {
    if (this.#remoteEnded || this.destroyed) return undefined;
    const goOn = bytes.length === 0 || this.push(bytes);
    if (end) {
      this.#remoteEnded = true;
      this.push(null);
    }
    if (goOn || this.destroyed) return undefined;
    return new Promise((resolve) => (this.#takeMore = resolve));
  }

  /** The other end, or the connection, gave it up. What came whole may still be read. */
  abandon(why: string): void {
    const reason = new DomainError('unavailable', why);
    const whole = this.#remoteEnded && !this.readableEnded;
    this.#localEnded = true;
    this.#remoteEnded = true;
    if (!whole) {
      this.destroy(reason);
      return;
    }
    this.#link.forget(this.id);
    const linger = setTimeout(() => this.destroy(reason), limits.streamLingerMs);
    linger.unref();
    this.once('close', () => clearTimeout(linger));
    this.once('end', () => this.destroy(reason));
  }

  override _read(): void {
    this.#takeMore?.();
    this.#takeMore = undefined;
  }

  override _write(bytes: Buffer, _encoding: string, done: StreamDone): void {
    this.#link.send(this.id, { bytes, end: false }, done);
  }

  override _final(done: StreamDone): void {
    this.#localEnded = true;
    this.#link.send(this.id, { bytes: Buffer.alloc(0), end: true }, done);
  }

  override _destroy(error: Error | null, done: StreamDone): void {
    this._read();
    if (!this.#localEnded || !this.#remoteEnded) this.#link.reset(this.id, resetStatus.cancel);
    this.#link.forget(this.id);
    done(error);
  }
}

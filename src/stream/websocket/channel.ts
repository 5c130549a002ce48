import { Duplex } from 'node:stream';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';

type Done = (error?: Error | null) => void;

/** One of the numbered byte streams that share a WebSocket. Nobody need listen for `error`. */
export class Channel extends Duplex {
  readonly #send: (bytes: Buffer, done: Done) => void;
  #ended = false;
  #takeMore: (() => void) | undefined;

  constructor(send: (bytes: Buffer, done: Done) => void) {
    super({ readableHighWaterMark: limits.streamBufferBytes });
    this.#send = send;
    this.on('error', () => undefined);
  }

  /** Hands in what came; a promise when the reader is behind, which resolves when it is not. */
  deliver(bytes: Buffer): Promise<void> | undefined {
    if (this.#ended || this.destroyed || bytes.length === 0 || this.push(bytes)) return undefined;
    return new Promise((resolve) => (this.#takeMore = resolve));
  }

  /** The other end will send no more. */
  deliverEnd(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    this.push(null);
  }

  abandon(why: string): void {
    this.destroy(new DomainError('unavailable', why));
  }

  override _read(): void {
    this.#takeMore?.();
    this.#takeMore = undefined;
  }

  override _write(bytes: Buffer, _encoding: string, done: Done): void {
    this.#send(bytes, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this._read();
    done(error);
  }
}

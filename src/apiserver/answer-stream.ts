import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { limits } from '../base/limits.ts';
import { takesGzip } from './answer.ts';

/** A client that has not taken a piece by then is slow. */
const promptMs = 50;
/** A window of 8 KiB: the usual one takes a quarter of a megabyte for each client. */
const compression = { level: 1, windowBits: 13, memLevel: 5 } as const;

/**
 * An answer of JSON that is written in pieces, compressed where the client takes it. Who does not
 * take all of it in time is hung up on.
 */
export class AnswerStream {
  readonly #response: ServerResponse;
  readonly #compressed: Gzip | undefined;
  readonly #ending: AbortSignal;

  constructor(
    { response, signal }: { response: ServerResponse; signal: AbortSignal },
    answerMs: number = limits.apiAnswerMs,
  ) {
    this.#response = response;
    this.#ending = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    this.#compressed = takesGzip(response) ? createGzip(compression) : undefined;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-cache, private',
      ...(this.#compressed !== undefined && {
        'Content-Encoding': 'gzip',
        Vary: 'Accept-Encoding',
      }),
    });
    this.#compressed?.pipe(response);
    response.once('close', () => this.#compressed?.destroy());
  }

  /** True when there is room for more at once, or nearly so. Throws when the client is gone. */
  async write(piece: string): Promise<boolean> {
    this.#ending.throwIfAborted();
    const sink = this.#sink;
    if (sink.write(Buffer.from(piece))) return true;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#ending, stop.signal]);
    try {
      return await Promise.race([
        once(sink, 'drain', { signal }).then(() => true),
        delay(promptMs, false, { signal }),
      ]);
    } finally {
      stop.abort();
    }
  }

  /** Resolves when there is room. Throws when the client is gone, or has had all its time. */
  async ready(): Promise<void> {
    this.#ending.throwIfAborted();
    if (this.#sink.writableNeedDrain) await once(this.#sink, 'drain', { signal: this.#ending });
  }

  async end(piece: string): Promise<void> {
    await this.ready();
    this.#sink.end(piece);
    if (this.#compressed !== undefined)
      await once(this.#compressed, 'end', { signal: this.#ending });
  }

  get #sink(): Writable {
    return this.#compressed ?? this.#response;
  }
}

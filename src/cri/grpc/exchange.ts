/** One call on an HTTP/2 stream: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { Frames, frameOf, prefixOf } from '../../grpc/frames.ts';
import { type GrpcStatus, statusCode } from '../../grpc/status-code.ts';
import { drained } from '../../stream/drained.ts';

export class Exchange {
  readonly #stream: ServerHttp2Stream;
  readonly #abort = new AbortController();
  readonly #deadline: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream;
    // What breaks a stream closes it as well.
    stream.on('error', () => undefined);
    stream.once('close', () => this.#leave());
    const timeoutMs = timeoutOf(headers['grpc-timeout']);
    if (timeoutMs !== undefined) {
      this.#deadline = setTimeout(() => this.end(late), Math.min(timeoutMs, longestTimerMs));
    }
  }

  /** Aborts when the caller goes away or its deadline passes. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The only message of the caller. */
  request(): Promise<Buffer> {
    const frames = new Frames(limits.grpcMessageBytes);
    const stream = this.#stream;
    let isThere = false;
    return new Promise((resolve, reject) => {
      stream.on('data', (chunk: Buffer) => {
        try {
          const [message] = frames.take(chunk);
          if (message === undefined) return;
          isThere = true;
          resolve(message);
        } catch (error) {
          reject(error);
        }
      });
      // Every stream ends: the error, which costs what its stack does, is not for all of them.
      const end = (): void => {
        if (!isThere) reject(new DomainError('invalid', 'A call without a message'));
      };
      stream.once('end', end);
      stream.once('close', end);
    });
  }

  /** What the caller sends, at the reader's pace. */
  async *requests(): AsyncGenerator<Buffer> {
    const frames = new Frames(limits.grpcMessageBytes);
    // A handler may give up before it has read all. The usual iterator would then destroy the
    // stream with its status unsent.
    const chunks = this.#stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) yield* frames.take(chunk);
  }

  /** Resolves when there is room for more, or the caller is gone. */
  async write(message: Buffer): Promise<void> {
    if (this.#over) return;
    this.#respond();
    if (!this.#stream.write(frameOf(message))) await drained(this.#stream);
  }

  /** The answer, its status, and the end in one. */
  answer(message: Buffer): void {
    if (this.#over) return;
    this.#respond();
    if (message.length < longestCopied) return this.#finish(okay, frameOf(message));
    this.#stream.cork();
    this.#stream.write(prefixOf(message));
    this.#finish(okay, message);
    this.#stream.uncork();
  }

  end(status: GrpcStatus): void {
    if (this.#over) return;
    if (this.#stream.headersSent) this.#finish(status);
    else {
      this.#ended = true;
      this.#stream.respond({ ...answerHeaders, ...trailersOf(status) }, { endStream: true });
    }
    if (status === late) this.#abort.abort();
    // Whatever the caller sends now is read over, so that it is not held back.
    this.#stream.resume();
  }

  get #over(): boolean {
    return this.#ended || this.#stream.destroyed;
  }

  #respond(): void {
    if (!this.#stream.headersSent) this.#stream.respond(answerHeaders, { waitForTrailers: true });
  }

  #finish(status: GrpcStatus, last?: Buffer): void {
    this.#ended = true;
    this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(trailersOf(status)));
    if (last === undefined) this.#stream.end();
    else this.#stream.end(last);
  }

  #leave(): void {
    clearTimeout(this.#deadline);
    if (this.#ended) return;
    this.#ended = true;
    this.#abort.abort();
  }
}

const okay: GrpcStatus = { code: statusCode.ok, details: '' };
const late: GrpcStatus = { code: statusCode.deadlineExceeded, details: 'Deadline exceeded' };

const answerHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': 'identity',
};

function trailersOf({ code, details }: GrpcStatus): Record<string, string> {
  const text = details.slice(0, longestDetails).toWellFormed();
  return {
    'grpc-status': String(code),
    ...(text === '' ? {} : { 'grpc-message': percentEncoded(text) }),
  };
}

/** No more than the protocol has encoded: grpc-js would leave a `%3A` as it is. */
function percentEncoded(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}

/** A longer answer is sent with its prefix before it, not copied behind it. */
const longestCopied = 16 * 1024;

/** Encoded they are up to nine times as long, and a header block has 64 KiB. */
const longestDetails = 4000;
const longestTimerMs = 2 ** 31 - 1;

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

function timeoutOf(header: string | string[] | undefined): number | undefined {
  const [, count, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  return count === undefined ? undefined : Number(count) * (unitMs[unit ?? ''] ?? 0);
}

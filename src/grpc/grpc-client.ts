/**
 * A gRPC client for one Unix socket, on Node's own HTTP/2. The command line uses it in place of
 * @grpc/grpc-js because every command pays for loading: 9 ms here, 22 ms there, and 45 ms more for
 * its proto loader. Protocol: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { createConnection } from 'node:net';
import { hasCode, isDomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { drained } from '../stream/drained.ts';
import { cancelled, onlyAnswer, statusOf } from './call-status.ts';
import { decode, encode } from './codec.ts';
import { Frames, frameOf } from './frames.ts';
import type { Draft, Message, Method } from './message.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What a server may send before it waits for us. */
const windowBytes = 1024 * 1024;

export class GrpcClient implements Disposable {
  readonly #socketPath: string;
  #session: ClientHttp2Session | undefined;

  /** Connects on the first call. */
  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** One request, one answer. Throws DomainError by the status, `unavailable` without a server. */
  async call<Request, Response>(
    method: Method<'unary', Request, Response>,
    request: Draft<NoInfer<Request>>,
    { signal, timeoutMs }: CallOptions = {},
  ): Promise<Response> {
    // Not as a stream of one message: what reads and writes streams costs more than the call.
    const frame = frameOf(encode(method.request, request));
    const stream = this.#begin(method.path, timeoutMs);
    const abort = (): void => stream.close(cancelled);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const answer = onlyAnswer(stream, this.#socketPath);
      stream.end(frame);
      const bytes = await answer;
      if (bytes !== undefined) return decode(method.response, bytes);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    throw new Error(`The runtime ended ${method.path} without an answer`);
  }

  /** One request, a stream of answers; leaving the loop ends the call. */
  answers<Request, Response>(
    method: Method<'answers', Request, Response>,
    request: Draft<NoInfer<Request>>,
    options: CallOptions = {},
  ): AsyncGenerator<Response> {
    return this.#exchange(method, once(request), options);
  }

  /** A stream each way. Requests are taken as fast as the server reads them. */
  both<Request, Response>(
    method: Method<'both', Request, Response>,
    requests: AsyncIterable<Draft<NoInfer<Request>>>,
    options: CallOptions = {},
  ): AsyncGenerator<Response> {
    return this.#exchange(method, requests, options);
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *#exchange<Request, Response>(
    method: {
      readonly path: string;
      readonly request: Message<Request>;
      readonly response: Message<Response>;
    },
    requests: AsyncIterable<Draft<Request>>,
    options: CallOptions,
  ): AsyncGenerator<Response> {
    const stream = this.#begin(method.path, options.timeoutMs);
    const status = statusOf(stream, this.#socketPath);
    // Who reads no further does not hear of it.
    status.catch(() => undefined);
    const abort = (): void => stream.close(cancelled);
    options.signal?.addEventListener('abort', abort, { once: true });
    // Failures of sending show as the call's status, which says why; those of the caller do not.
    let broken: unknown;
    const source = reported(requests, (error) => (broken = error));
    send(stream, method.request, source).catch(() => stream.close(cancelled));
    try {
      for await (const bytes of messagesOf(stream)) yield decode(method.response, bytes);
      await status;
    } catch (error) {
      throw broken ?? error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
      stream.close(cancelled);
    }
  }

  #begin(path: string, timeoutMs: number | undefined): ClientHttp2Stream {
    const session = this.#connected();
    const stream = session.request(headersOf(path, timeoutMs));
    // A session may be broken before it says so: the next call is not to find it.
    stream.once('error', (error) => {
      if (hasCode(error, 'ERR_HTTP2_INVALID_SESSION')) this.#forget(session);
    });
    return stream;
  }

  #connected(): ClientHttp2Session {
    const known = this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect('http://localhost', {
      createConnection: () => createConnection(this.#socketPath),
      settings: { initialWindowSize: windowBytes },
    });
    // The connection has a window of its own: with its 64 KiB the server would wait for us thrice
    // in a list of five hundred containers.
    session.once('connect', () => session.setLocalWindowSize(windowBytes));
    // Each call reports the failure itself.
    session.on('error', () => undefined);
    for (const end of ['close', 'goaway']) session.once(end, () => this.#forget(session));
    this.#session = session;
    return session;
  }

  #forget(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = undefined;
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

/** The same, telling why it could not go on. */
async function* reported<T>(
  source: AsyncIterable<T>,
  tell: (error: unknown) => void,
): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    tell(error);
    throw error;
  }
}

function headersOf(path: string, timeoutMs: number | undefined): Record<string, string> {
  return {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
    ...(timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` }),
  };
}

async function send<T>(
  stream: ClientHttp2Stream,
  message: Message<T>,
  requests: AsyncIterable<Draft<T>>,
): Promise<void> {
  for await (const request of requests) {
    if (stream.closed || stream.destroyed) return;
    const frame = frameOf(encode(message, request));
    if (!stream.write(frame)) await drained(stream);
  }
  stream.end();
}

async function* messagesOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer> {
  const frames = new Frames(limits.grpcMessageBytes * 4);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) yield* frames.take(chunk);
  } catch (error) {
    // Of a broken stream the call's status tells more.
    if (isDomainError(error)) throw error;
  }
}

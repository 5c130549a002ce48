import { randomBytes } from 'node:crypto';
import { chmod, rename, rm } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer } from 'node:net';
import type { Logger } from '../../base/log.ts';
import { withoutCredentials } from '../../base/log-value.ts';
import { asRequest } from '../../base/request.ts';
import type { LiveSpan } from '../../base/live-span.ts';
import { decode, encode } from '../../grpc/codec.ts';
import type { AnyMessage, Draft, Message, Method, MethodKind } from '../../grpc/message.ts';
import { levelOf, subjectOf } from '../request-fields.ts';
import { type GrpcStatus, statusCode, statusOf } from '../../grpc/status-code.ts';
import { Exchange } from './exchange.ts';
import { FilteredConnection } from './filtered-connection.ts';

/** What a handler knows of its call. */
export interface Call {
  /** Aborts when the caller goes away or its deadline passes. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export type Handler<Kind, Request, Response> = Kind extends 'unary'
  ? (request: Request, call: Call) => Promise<Draft<Response>>
  : Kind extends 'answers'
    ? (request: Request, call: Call) => AsyncIterable<Draft<Response>>
    : (requests: AsyncIterable<Request>, call: Call) => AsyncIterable<Draft<Response>>;

export interface BegunCall {
  readonly name: string;
  readonly method: Pick<AnyMethod, 'path' | 'kind'>;
  /** The caller's trace, as W3C has it. */
  readonly traceparent: string | undefined;
}

export interface ObservedCall {
  readonly span?: LiveSpan | undefined;
  /** Told once, with the ids that the call is about. */
  readonly end: (status: GrpcStatus, subject: Readonly<Record<string, string>>) => void;
}

export type CallObserver = (call: BegunCall) => ObservedCall;

interface Served {
  readonly name: string;
  readonly method: AnyMethod;
  readonly handler: AnyHandler | undefined;
  readonly log: Logger;
}

/** One handler for each method of a generated service; absent ones answer UNIMPLEMENTED. */
export type Handlers<Service> = {
  readonly [Name in keyof Service]?: Service[Name] extends Method<
    infer Kind extends MethodKind,
    infer Request,
    infer Response
  >
    ? Handler<Kind, Request, Response>
    : never;
};

type AnyMethod = Method<MethodKind, never, never>;
type AnyHandler = (request: unknown, call: Call) => unknown;

/** gRPC on a Unix socket of mode 0600. */
export class GrpcServer {
  readonly #log: Logger;
  readonly #observer: CallObserver;
  readonly #methods = new Map<string, Served>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #server = createHttpServer({
    // What waits to be sent counts, and an answer of ExecSync has 16 MiB on each of two streams.
    maxSessionMemory: Number.MAX_SAFE_INTEGER,
    settings: { initialWindowSize: windowBytes },
  });
  readonly #listener = createServer();
  #socketPath = '';

  /** `observer` is told of each call's beginning, and by what it gives of the end. */
  constructor(log: Logger, observer: CallObserver = () => ({ end: () => undefined })) {
    this.#log = log;
    this.#observer = observer;
  }

  /** Serves a generated service (`RuntimeService`) by `handlers`. Before {@link listen}. */
  add<Service extends object>(service: Service, handlers: Handlers<Service>): void {
    for (const [name, method] of Object.entries(service) as [keyof Service & string, AnyMethod][]) {
      const handler = handlers[name] as AnyHandler | undefined;
      this.#methods.set(method.path, {
        name,
        method,
        handler,
        log: this.#log.child({ rpc: name }),
      });
    }
  }

  /** Listens at a socket that is listening already, and that somebody else keeps. */
  async listenOn(fd: number): Promise<void> {
    this.#serveConnections();
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen({ fd }, resolve);
    });
  }

  /**
   * Listens at `path`, in place of what is there. The socket has its mode before it has its name,
   * so that nobody else can connect in between.
   */
  async listen(path: string): Promise<void> {
    const unnamed = `${path}.${randomBytes(4).toString('hex')}`;
    this.#serveConnections();
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(unnamed, resolve);
    });
    await chmod(unnamed, 0o600);
    await rename(unnamed, path);
    this.#socketPath = path;
  }

  /** Takes no more calls; ends those that have not finished after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#listener.close();
    const closed = [...this.#sessions].map(
      (session) => new Promise((resolve) => session.once('close', resolve)),
    );
    for (const session of this.#sessions) session.close();
    const forced = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(forced);
    if (this.#socketPath !== '') await rm(this.#socketPath, { force: true });
  }

  #serveConnections(): void {
    // Each call hears of the end of its own stream.
    this.#server.on('sessionError', () => undefined);
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.setLocalWindowSize(windowBytes);
      session.once('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => this.#serve(stream, headers));
    this.#listener.on('connection', (socket) => {
      const connection = new FilteredConnection(socket);
      // It may break when its session has ended already.
      connection.on('error', () => undefined);
      this.#server.emit('connection', connection);
    });
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const exchange = new Exchange(stream, headers);
    const path = headers[':path'] ?? '';
    const served = this.#methods.get(path);
    if (served?.handler === undefined) return exchange.end(unknown(path, served?.name));
    const { handler, log, method, name } = served;
    const { traceparent } = headers;
    const observed = this.#observer({
      name,
      method,
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    });
    const carried: Carried = { exchange, handler, method, log, observed, startedAt: now() };
    asRequest(() => {
      const work = method.kind === 'unary' ? answerOnce(carried) : answerMany(carried);
      work.catch((error: unknown) => log.error({ err: error }, 'answering failed'));
    }, observed.span);
  }
}

/** What a caller may send before it waits for the server. */
const windowBytes = 1024 * 1024;

const okay: GrpcStatus = { code: statusCode.ok, details: '' };

function unknown(path: string, name: string | undefined): GrpcStatus {
  const details =
    name === undefined
      ? `The server does not implement the method ${path}`
      : `keelson has no ${name} yet`;
  return { code: statusCode.unimplemented, details };
}

/** A call on its way through its handler. */
interface Carried {
  readonly exchange: Exchange;
  readonly handler: AnyHandler;
  readonly method: AnyMethod;
  readonly log: Logger;
  readonly observed: ObservedCall;
  readonly startedAt: number;
}

async function answerOnce(carried: Carried): Promise<void> {
  const { exchange, handler, method, log, observed } = carried;
  let request: unknown;
  try {
    request = requestIn(method, await exchange.request());
    const answer = (await handler(request, { signal: exchange.signal, log })) as object;
    exchange.answer(encode(method.response as AnyMessage as Message<object>, answer));
    const subject = { ...subjectOf(request), ...subjectOf(answer) };
    observed.end(okay, subject);
    log[levelOf(method.path)]({ ms: since(carried), ...subject }, 'done');
  } catch (error) {
    exchange.end(report(error, carried, request));
  }
}

async function answerMany(carried: Carried): Promise<void> {
  const { exchange, handler, method, log, observed } = carried;
  const { signal } = exchange;
  let request: unknown;
  try {
    request =
      method.kind === 'both'
        ? requestsIn(method, exchange)
        : requestIn(method, await exchange.request());
    for await (const answer of handler(request, { signal, log }) as AsyncIterable<object>) {
      if (signal.aborted) break;
      await exchange.write(encode(method.response as AnyMessage as Message<object>, answer));
    }
    exchange.end(okay);
    observed.end(okay, subjectOf(request));
    log.debug({ ms: since(carried) }, 'done');
  } catch (error) {
    exchange.end(report(error, carried, request));
  }
}

function requestIn(method: AnyMethod, bytes: Buffer): unknown {
  return decode(method.request as AnyMessage as Message<object>, bytes);
}

async function* requestsIn(method: AnyMethod, exchange: Exchange): AsyncGenerator {
  for await (const bytes of exchange.requests()) yield requestIn(method, bytes);
}

/** Logs a failure once, and makes the status that the caller gets. */
function report(error: unknown, carried: Carried, request: unknown): GrpcStatus {
  const { code, details } = statusOf(error);
  const { log, observed } = carried;
  const why = withoutCredentials(details);
  const subject = subjectOf(request);
  observed.end({ code, details: why }, subject);
  const fields = { code, ms: since(carried), ...subject, why };
  if (code === statusCode.internal) log.error({ ...fields, err: error }, 'failed');
  else log.info(fields, 'refused');
  return { code, details };
}

function now(): number {
  return performance.now();
}

function since({ startedAt }: Carried): number {
  return Math.round((now() - startedAt) * 100) / 100;
}

import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { chmod, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import {
  Metadata,
  Server,
  ServerCredentials,
  type MethodDefinition,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { withoutCredentials } from '../../base/log-value.ts';
import { asRequest } from '../../base/request.ts';
import type { LiveSpan } from '../../base/live-span.ts';
import { decode, encode } from '../../grpc/codec.ts';
import { FilteredConnection } from './filtered-connection.ts';
import type { AnyMessage, Draft, Message, Method, MethodKind } from '../../grpc/message.ts';
import { levelOf, subjectOf } from '../request-fields.ts';
import { type GrpcStatus, statusCode, statusOf } from '../../grpc/status-code.ts';

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

interface Context extends Call {
  readonly observed: ObservedCall;
}

interface Served {
  readonly handler: AnyHandler;
  readonly log: Logger;
  readonly begin: (traceparent: string | undefined) => ObservedCall;
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

const okay: GrpcStatus = { code: statusCode.ok, details: '' };

type AnyMethod = Method<MethodKind, never, never>;
type AnyHandler = (request: unknown, call: Call) => unknown;

/** gRPC on a Unix socket of mode 0600. */
export class GrpcServer {
  readonly #log: Logger;
  readonly #observer: CallObserver;
  readonly #server = new Server({
    'grpc.max_receive_message_length': limits.grpcMessageBytes,
    'grpc.max_send_message_length': -1,
    // Its counters of calls and streams, which nobody can ask for here, cost time on each call.
    'grpc.enable_channelz': 0,
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
    const definition: Record<string, MethodDefinition<object, object>> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of Object.entries(service) as [keyof Service & string, AnyMethod][]) {
      definition[name] = describe(method);
      const handler = handlers[name] as AnyHandler | undefined;
      const log = this.#log.child({ rpc: name });
      implementation[name] =
        handler === undefined
          ? refuse(name)
          : serve(method.kind, {
              handler,
              log,
              begin: (traceparent) => this.#observer({ name, method, traceparent }),
            });
    }
    this.#server.addService(definition, implementation);
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

  #serveConnections(): void {
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener.on('connection', (socket) => {
      injector.injectConnection(new FilteredConnection(socket));
    });
  }

  /** Takes no more calls; ends those that have not finished after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#listener.close();
    const forced = setTimeout(() => this.#server.forceShutdown(), graceMs);
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    clearTimeout(forced);
    if (this.#socketPath !== '') await rm(this.#socketPath, { force: true });
  }
}

function describe(method: AnyMethod): MethodDefinition<object, object> {
  return {
    path: method.path,
    requestStream: method.kind === 'both',
    responseStream: method.kind !== 'unary',
    ...codecOf('request', method.request),
    ...codecOf('response', method.response),
  } as MethodDefinition<object, object>;
}

function codecOf(side: string, message: AnyMessage): object {
  const table = message as Message<object>;
  return {
    [`${side}Serialize`]: (value: object) => encode(table, value),
    [`${side}Deserialize`]: (bytes: Buffer) => decode(table, bytes),
  };
}

type AnyCall = ServerUnaryCall<object, object> | ServerDuplexStream<object, object>;
type Callback = (error: object | null, value?: object) => void;

function refuse(name: string): (call: AnyCall, callback?: Callback) => void {
  return (call, callback) => {
    const status = {
      code: statusCode.unimplemented,
      details: `keelson has no ${name} yet`,
      metadata: new Metadata(),
    };
    if (callback === undefined) call.emit('error', status);
    else callback(status);
  };
}

function serve(
  kind: MethodKind,
  { handler, log, begin }: Served,
): (call: AnyCall, callback?: Callback) => void {
  return (call, callback) => {
    const abort = new AbortController();
    (call as EventEmitter).on('cancelled', () => abort.abort());
    const [traceparent] = call.metadata.get('traceparent');
    const observed = begin(typeof traceparent === 'string' ? traceparent : undefined);
    const context = { signal: abort.signal, log, observed };
    asRequest(() => {
      const work =
        kind === 'unary' && callback !== undefined
          ? answerOnce(call as ServerUnaryCall<object, object>, { handler, context, callback })
          : answerMany(call as ServerDuplexStream<object, object>, { kind, handler, context });
      work.catch((error: unknown) => log.error({ err: error }, 'answering failed'));
    }, observed.span);
  };
}

async function answerOnce(
  call: ServerUnaryCall<object, object>,
  { handler, context, callback }: { handler: AnyHandler; context: Context; callback: Callback },
): Promise<void> {
  const startedAt = performance.now();
  try {
    const answer = (await handler(call.request, context)) as object;
    callback(null, answer);
    const subject = { ...subjectOf(call.request), ...subjectOf(answer) };
    context.observed.end(okay, subject);
    context.log[levelOf(call.getPath())]({ ms: since(startedAt), ...subject }, 'done');
  } catch (error) {
    callback(report(error, { context, startedAt, request: call.request }));
  }
}

async function answerMany(
  call: ServerDuplexStream<object, object>,
  { kind, handler, context }: { kind: MethodKind; handler: AnyHandler; context: Context },
): Promise<void> {
  const startedAt = performance.now();
  const request: unknown =
    kind === 'both' ? requestsOf(call) : (call as unknown as { request: object }).request;
  try {
    for await (const answer of handler(request, context) as AsyncIterable<object>) {
      if (context.signal.aborted) break;
      if (!call.write(answer)) await drained(call, context.signal);
    }
    call.end();
    context.observed.end(okay, subjectOf(request));
    context.log.debug({ ms: since(startedAt) }, 'done');
  } catch (error) {
    call.emit('error', report(error, { context, startedAt, request }));
  }
}

/**
 * A handler may give up before it has read all. The usual iterator would then destroy the call with
 * its status unsent, and the client, which waits for room to write, would wait for ever.
 */
function requestsOf(call: ServerDuplexStream<object, object>): AsyncIterable<object> {
  return call.iterator({ destroyOnReturn: false }) as AsyncIterable<object>;
}

/** Resolves when the caller has read on, or is gone. */
function drained(call: ServerDuplexStream<object, object>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

/** Logs a failure once, and makes the status that the caller gets. */
function report(
  error: unknown,
  { context, startedAt, request }: { context: Context; startedAt: number; request: unknown },
): object {
  const { code, details } = statusOf(error);
  const why = withoutCredentials(details);
  const subject = subjectOf(request);
  context.observed.end({ code, details: why }, subject);
  const fields = { code, ms: since(startedAt), ...subject, why };
  if (code === statusCode.internal) context.log.error({ ...fields, err: error }, 'failed');
  else context.log.info(fields, 'refused');
  return { code, details, metadata: new Metadata() };
}

function since(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 100) / 100;
}

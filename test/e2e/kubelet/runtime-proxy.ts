import { once } from 'node:events';
import { rmSync } from 'node:fs';
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createConnection } from 'node:net';
import { RuntimeService, ImageService } from '../../../src/cri/generated/runtime.ts';
import { decode } from '../../../src/grpc/codec.ts';
import type { Message } from '../../../src/grpc/message.ts';
import { label } from '../../../src/kubelet/runtime/record.ts';

export type CallName = keyof typeof RuntimeService | keyof typeof ImageService;

/** One call on its way; a fault decides what becomes of it. */
export interface Call {
  /** Has the runtime do it, and keeps the answer. Throws where the runtime breaks off. */
  readonly perform: () => Promise<Answer>;
  readonly answer: (answer: Answer) => void;
  /** In place of an answer: what a server says whose other half has gone. */
  readonly refuse: () => void;
  /** Resolves when the caller has given up. */
  readonly givenUp: Promise<void>;
}

export interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | undefined;
}

export type Fault = (call: Call) => Promise<void> | void;

/** What can become of a call. */
export const faults = {
  /** It is refused, and nothing is done. */
  fails: (call) => call.refuse(),
  /** It is done, and the answer is lost. */
  'loses its answer': async (call) => {
    await call.perform();
    call.refuse();
  },
  /** Nothing is done, and no answer comes. */
  hangs: () => undefined,
  /** It is done when nobody waits for it any more. */
  'comes late': async (call) => {
    await call.givenUp;
    await call.perform();
  },
} as const satisfies Readonly<Record<string, Fault>>;

export interface Rule {
  readonly name: CallName;
  /** The pod's uid, or the image's name; whatever it is about where absent. */
  readonly about?: string;
  /** Which of the calls that fit: the first by default, or all of them. */
  readonly nth?: number | 'all';
  readonly fault: Fault;
}

interface Laid extends Rule {
  met: number;
  readonly hit: PromiseWithResolvers<void>;
}

/**
 * Stands between a kubelet and its runtime, and lets through what no rule is about. Knows which pod
 * a call is about, by the ids that went by.
 */
export class RuntimeProxy implements AsyncDisposable {
  readonly socket: string;
  /** Of all calls, in their order: `StartContainer UID`. */
  readonly seen: string[] = [];
  readonly #target: () => string;
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #pods = new Map<string, string>();
  #backend: ClientHttp2Session | undefined;
  #rules: Laid[] = [];

  private constructor(socket: string, target: () => string) {
    this.socket = socket;
    this.#target = target;
    this.#server = createServer({ settings: { initialWindowSize: 1024 * 1024 } });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('error', () => undefined);
      session.once('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream, headers) => void this.#serve(stream, headers));
  }

  static async start(socket: string, target: () => string): Promise<RuntimeProxy> {
    rmSync(socket, { force: true });
    const proxy = new RuntimeProxy(socket, target);
    proxy.#server.listen(socket);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Lays a fault in the way of a call to come; resolves when it was met. */
  lay(rule: Rule): Promise<void> {
    const laid = { ...rule, met: 0, hit: Promise.withResolvers<void>() };
    this.#rules.push(laid);
    return laid.hit.promise;
  }

  /** Whoever hangs goes on hanging; calls to come get through. */
  clear(): void {
    this.#rules = [];
  }

  /** Whether a pod or container of that id went by. */
  knows(id: string): boolean {
    return this.#pods.has(id);
  }

  /** Breaks all connections, as a runtime does that ends. */
  break(): void {
    for (const session of this.#sessions) session.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.break();
    this.#backend?.destroy();
    this.#server.close();
    rmSync(this.socket, { force: true });
    await Promise.resolve();
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('error', () => undefined);
    const name = String(headers[':path']).split('/').at(-1) as CallName;
    const method = { ...RuntimeService, ...ImageService }[name];
    const body = await bytesOf(stream).catch(() => undefined);
    if (body === undefined) return;
    const about = this.#about(decode(method.request as Message<Told>, body.subarray(5)));
    this.seen.push(`${name} ${about}`);
    const fault = this.#faultOf(name, about);
    try {
      if (method.kind !== 'unary' && fault === undefined) this.#pass(stream, headers, body);
      else await (fault ?? through)(this.#call({ stream, headers, body }, { method, about }));
    } catch {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }

  #faultOf(name: CallName, about: string): Fault | undefined {
    for (const rule of this.#rules) {
      if (rule.name !== name || (rule.about ?? about) !== about) continue;
      rule.met += 1;
      if (rule.nth !== 'all' && rule.met !== (rule.nth ?? 1)) continue;
      rule.hit.resolve();
      return rule.fault;
    }
    return undefined;
  }

  #call({ stream, headers, body }: Asked, { method, about }: Known): Call {
    const givenUp = new Promise<void>((resolve) => stream.once('close', resolve));
    return {
      givenUp,
      perform: async () => {
        const answer = await this.#perform(headers, body);
        if (answer.body.length > 5) {
          this.#learn(decode(method.response as Message<Told>, answer.body.subarray(5)), about);
        }
        return answer;
      },
      answer: (answer) => reply(stream, answer),
      refuse: () => {
        if (stream.closed || stream.destroyed) return;
        const status = { 'grpc-status': '14', 'grpc-message': 'fault in the way' };
        const all = { ':status': 200, 'content-type': 'application/grpc', ...status };
        stream.respond(all, { endStream: true });
      },
    };
  }

  async #perform(headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    // Who gave up said how long he would wait, which is not what the runtime is to know here.
    const { 'grpc-timeout': _, ...others } = headers;
    const upstream = this.#connected().request(others);
    let [got, trailers]: (IncomingHttpHeaders | undefined)[] = [];
    upstream.on('response', (seen) => (got = seen));
    upstream.on('trailers', (seen) => (trailers = seen));
    upstream.end(body);
    const answer = await bytesOf(upstream);
    if (got === undefined || (trailers ?? got)['grpc-status'] === undefined) {
      throw new Error('no answer');
    }
    return { headers: got, body: answer, trailers };
  }

  /** A stream of answers, as it comes. */
  #pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, body: Buffer): void {
    const upstream = this.#connected().request(headers);
    upstream.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    upstream.once('response', (seen, flags) => {
      if (stream.destroyed) return;
      stream.respond(withoutPseudo(seen), {
        endStream: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0,
      });
    });
    upstream.on('data', (chunk: Buffer) => !stream.destroyed && stream.write(chunk));
    upstream.once('close', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
    stream.once('close', () => upstream.close(constants.NGHTTP2_CANCEL));
    upstream.end(body);
  }

  #connected(): ClientHttp2Session {
    const known = this.#backend;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect('http://localhost', {
      createConnection: () => createConnection(this.#target()),
      settings: { initialWindowSize: 16 * 1024 * 1024 },
    });
    session.on('error', () => undefined);
    this.#backend = session;
    return session;
  }

  #about(request: Told): string {
    const { config, sandbox_config: sandbox, filter, image } = request;
    const uid = config?.labels?.[label.podUid] ?? sandbox?.metadata?.uid;
    const selected = filter?.label_selector?.[label.podUid];
    const id = request.pod_sandbox_id ?? request.container_id ?? '';
    return uid ?? selected ?? this.#pods.get(id) ?? image?.image ?? '';
  }

  #learn(answer: Told, about: string): void {
    const { pod_sandbox_id: pod, container_id: container, items, containers } = answer;
    const id = container ?? pod ?? '';
    if (id !== '' && about !== '') this.#pods.set(id, about);
    for (const { id, labels } of [...(items ?? []), ...(containers ?? [])]) {
      this.#pods.set(id, labels[label.podUid] ?? '');
    }
  }
}

interface Asked {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Known {
  readonly method: { readonly response: unknown };
  readonly about: string;
}

/** What requests and answers have that tells of pods. */
interface Told {
  readonly config?: { readonly labels?: Readonly<Record<string, string>> };
  readonly sandbox_config?: { readonly metadata?: { readonly uid?: string } };
  readonly filter?: { readonly label_selector?: Readonly<Record<string, string>> };
  readonly image?: { readonly image?: string };
  readonly pod_sandbox_id?: string;
  readonly container_id?: string;
  readonly items?: readonly Listed[];
  readonly containers?: readonly Listed[];
}

interface Listed {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

const through: Fault = async (call) => call.answer(await call.perform());

function reply(stream: ServerHttp2Stream, { headers, body, trailers }: Answer): void {
  if (stream.closed || stream.destroyed) return;
  const own = withoutPseudo(headers);
  if (trailers === undefined) {
    stream.respond(own, { endStream: true });
    return;
  }
  stream.respond(own, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

function withoutPseudo(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { ':status': _, ...others } = headers;
  return { ...others, ':status': 200 as never };
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

import { pipeline, type Readable } from 'node:stream';
import { type Dispatcher, errors } from 'undici';
import { isDomainError } from '../../base/error.ts';
import { ingressLimits } from '../../base/ingress-limits.ts';
import type { BackendPools } from './backend-pools.ts';
import { boundedBody } from './bounded-body.ts';
import { answerHeaders } from './forward-headers.ts';
import { answerPlainly } from './plain-answer.ts';
import { hasBody, type Reply, type Request, writeBody, writeHead } from './request-types.ts';
import type { Route } from './route.ts';

/** A request that has a route. */
export interface Passage {
  readonly route: Route;
  readonly endpoints: readonly string[];
  readonly path: string;
  readonly headers: readonly string[];
}

const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * One request and its answer, passed through as they come. An endpoint that cannot be connected to
 * has seen nothing, so another one is asked whatever the method; one that hangs up without an
 * answer may have acted, so only what may be done twice is asked again, and only without a body,
 * which is not kept.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: Request;
  readonly #reply: Reply;
  readonly #pools: BackendPools;
  readonly #passage: Passage;
  readonly #untried: string[];
  readonly #body: Readable | undefined;
  #endpoint = '';
  #controller: Dispatcher.DispatchController | undefined;
  #stalled: NodeJS.Timeout | undefined;
  #attempts = 0;
  #wasSent = false;

  constructor(passage: Passage, pools: BackendPools, pair: { request: Request; reply: Reply }) {
    this.#passage = passage;
    this.#pools = pools;
    this.#request = pair.request;
    this.#reply = pair.reply;
    this.#untried = [...pools.ordered(passage.endpoints)];
    this.#body = hasBody(this.#request) ? this.#bodyOf(this.#request) : undefined;
  }

  start(): void {
    this.#reply.once('close', () => this.#clientLeft());
    this.#reply.on('error', () => this.#clientLeft());
    this.#next();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#wasSent = true;
    if (this.#reply.destroyed) controller.abort(gone);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    code: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // Early hints and the like: the answer is still to come.
    if (code < 200) return;
    writeHead(this.#reply, code, answerHeaders(headers));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (writeBody(this.#reply, chunk)) return;
    controller.pause();
    this.#stalled = setTimeout(() => this.#reply.destroy(), ingressLimits.stallMs);
    this.#reply.once('drain', () => {
      clearTimeout(this.#stalled);
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#reply.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#controller = undefined;
    if (this.#reply.destroyed) return;
    if (this.#reply.headersSent) this.#reply.destroy();
    else if (isDomainError(error, 'invalid')) answerPlainly(this.#reply, 413);
    else if (this.#mayAskAgain(error)) this.#next();
    else answerPlainly(this.#reply, error instanceof errors.HeadersTimeoutError ? 504 : 502);
  }

  #mayAskAgain(error: Error): boolean {
    if (this.#attempts >= ingressLimits.attempts) return false;
    if (!this.#wasSent) {
      this.#pools.refused(this.#endpoint);
      return this.#untried.length > 0;
    }
    if (error instanceof errors.HeadersTimeoutError || this.#body !== undefined) return false;
    if (!idempotent.has(this.#request.method ?? '')) return false;
    // The only one may only have closed a connection that it had been idle on.
    if (this.#untried.length === 0) this.#untried.push(this.#endpoint);
    return true;
  }

  #next(): void {
    this.#endpoint = this.#untried.shift() ?? '';
    this.#attempts += 1;
    this.#wasSent = false;
    const { route, path, headers } = this.#passage;
    const options: Dispatcher.DispatchOptions = {
      path,
      method: this.#request.method ?? 'GET',
      headers: [...headers],
      body: this.#body ?? null,
      headersTimeout: route.answerMs,
      bodyTimeout: route.answerMs,
    };
    try {
      this.#pools.poolOf(this.#endpoint).dispatch(options, this);
    } catch {
      // What the client's library will not write is no request.
      answerPlainly(this.#reply, 400);
    }
  }

  #bodyOf(request: Request): Readable {
    const { bodyBytes } = this.#passage.route;
    if (bodyBytes === 0) return request;
    return pipeline(request, boundedBody(bodyBytes), () => undefined);
  }

  #clientLeft(): void {
    clearTimeout(this.#stalled);
    if (!this.#reply.writableFinished) this.#controller?.abort(gone);
  }
}

const gone = new Error('The client has gone');

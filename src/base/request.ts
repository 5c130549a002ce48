import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { LiveSpan } from './live-span.ts';

/** Somebody's request, for as long as anything works on it. */
export interface Request {
  /** Eight hexadecimal digits: `request` in every log line, the shims' own among them. */
  readonly id: string;
  /** The step that is under way, where the request is traced. */
  readonly span?: LiveSpan | undefined;
}

const requests = new AsyncLocalStorage<Request | undefined>();

/** A new request; all that `work` calls and awaits belongs to it. */
export function asRequest<T>(work: () => T, span?: LiveSpan): T {
  return requests.run({ id: randomBytes(4).toString('hex'), span }, work);
}

/** What this code works on, however deep it is called; undefined for nobody's request. */
export function currentRequest(): Request | undefined {
  return requests.getStore();
}

/** `work` as a part of a request, or of nobody's. */
export function runAs<T>(request: Request | undefined, work: () => T): T {
  return requests.run(request, work);
}

/** For what outlives the request that happened to need it first: a connection that all share. */
export function outsideRequests<T>(work: () => T): T {
  return requests.run(undefined, work);
}

/** `work` for later, when it is called by somebody else, still as part of the present request. */
export function bindToRequest<Arguments extends readonly unknown[], T>(
  work: (...given: Arguments) => T,
): (...given: Arguments) => T {
  const request = currentRequest();
  return (...given) => requests.run(request, () => work(...given));
}

import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import { dial } from './dial.ts';
import type { Kubelets } from './kubelets.ts';
import { addressText, type Target } from './target.ts';

/** Headers that are about one connection, and what is for this server alone. */
const kept: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'authorization',
  'host',
]);

export interface Passed {
  readonly target: Target;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Sent to its end. */
  readonly body?: IncomingMessage;
  readonly signal: AbortSignal;
}

/** Sends a request to a kubelet or pod. Throws Go's words for a connection that fails. */
export async function passOn(kubelets: Kubelets, passed: Passed): Promise<IncomingMessage> {
  const { target, method, headers, body, signal } = passed;
  const socket = await dial(kubelets, target, signal);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request({
    method,
    path: target.path,
    headers: { ...forwardable(headers), host: addressText(target) },
    createConnection: () => socket,
    signal,
  });
  sent.once('response', resolve).on('error', reject);
  if (body === undefined) sent.end();
  else pipeline(body, sent).catch((error: unknown) => sent.destroy(error as Error));
  return await promise;
}

/** Sends an answer on as it comes. */
export async function passBack(
  answer: IncomingMessage,
  response: ServerResponse,
  change: (headers: IncomingHttpHeaders) => IncomingHttpHeaders = (headers) => headers,
): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, change(forwardable(answer.headers)));
  response.flushHeaders();
  await pipeline(answer, response).catch(() => response.destroy());
}

function forwardable(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !kept.has(name)));
}

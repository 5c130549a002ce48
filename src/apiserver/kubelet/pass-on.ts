import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestPlain,
  type ServerResponse,
} from 'node:http';
import { request as requestTls } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
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
export function passOn(kubelets: Kubelets, passed: Passed): Promise<IncomingMessage> {
  const { target, method, headers, body, signal } = passed;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = {
    method,
    host: target.host,
    port: target.port,
    path: target.path,
    headers: { ...forwardable(headers), host: addressText(target) },
    signal,
  };
  const sent = target.tls
    ? requestTls({ ...options, agent: kubelets.agent })
    : requestPlain({ ...options, agent: kubelets.plainAgent });
  sent.once('response', resolve);
  sent.once('error', (error) => reject(new Error(dialFailure(target, error), { cause: error })));
  const late = setTimeout(() => sent.destroy(new Error('i/o timeout')), limits.apiDialMs);
  const connected = () => clearTimeout(late);
  sent.once('socket', (socket) => {
    socket.once(target.tls ? 'secureConnect' : 'connect', connected).once('close', connected);
  });
  if (body === undefined) sent.end();
  else pipeline(body, sent).catch((error: unknown) => sent.destroy(error as Error));
  return promise;
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

/** `dial tcp 10.0.0.1:80: connect: connection refused` */
export function dialFailure(target: Target, error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const words = failureWords[code ?? ''];
  return words === undefined
    ? messageOf(error)
    : `dial tcp ${addressText(target)}: connect: ${words}`;
}

const failureWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

function forwardable(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !kept.has(name)));
}

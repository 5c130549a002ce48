import { type IncomingMessage, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ingressLimits } from '../../base/ingress-limits.ts';
import { limits } from '../../base/limits.ts';
import { hasCode } from '../../base/error.ts';

/** A request to speak another protocol on its connection, and where it goes. */
export interface TunnelRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client has sent of the other protocol already. */
  readonly head: Buffer;
  readonly endpoints: readonly string[];
  readonly path: string;
  /** As for any request, without `Connection` and `Upgrade`. */
  readonly headers: readonly string[];
}

/**
 * Passes on a WebSocket, or whatever the backend agrees to. Only after its 101 do bytes go through
 * unread: a backend that refuses would otherwise be sent requests which no rule has seen.
 */
export function openTunnel(asked: TunnelRequest): void {
  const { socket } = asked;
  socket.on('error', () => socket.destroy());
  if (isSocket(socket)) socket.setTimeout(ingressLimits.tunnelIdleMs, () => socket.destroy());
  dial(asked, [...asked.endpoints].slice(0, ingressLimits.attempts));
}

function dial(asked: TunnelRequest, [endpoint, ...others]: readonly string[]): void {
  const { request, socket, path, headers } = asked;
  if (endpoint === undefined) return refuse(socket, '502 Bad Gateway');
  const { hostname, port } = new URL(`http://${endpoint}`);
  const upgrade = request.headers.upgrade ?? '';
  const sent = startRequest({
    host: hostname.replace(/^\[|\]$/g, ''),
    port,
    method: request.method ?? 'GET',
    path,
    headers: [...headers, 'connection', 'Upgrade', 'upgrade', upgrade],
    agent: false,
    timeout: ingressLimits.answerMs,
  });
  let isConnected = false;
  sent.on('socket', (backend) => backend.once('connect', () => (isConnected = true)));
  sent.once('upgrade', (answer, backend, head) => join(asked, { answer, backend, head }));
  sent.once('response', (answer) => passRefusal(socket, answer));
  sent.once('timeout', () => sent.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })));
  sent.once('error', (error) => {
    if (!isConnected && !socket.destroyed) dial(asked, others);
    else refuse(socket, hasCode(error, 'ETIMEDOUT') ? '504 Gateway Time-out' : '502 Bad Gateway');
  });
  socket.once('close', () => sent.destroy());
  sent.end();
}

interface Agreed {
  readonly answer: IncomingMessage;
  readonly backend: Socket;
  readonly head: Buffer;
}

function join({ socket, head: first }: TunnelRequest, { answer, backend, head }: Agreed): void {
  backend.setTimeout(0);
  backend.setKeepAlive(true, limits.streamKeepAliveMs);
  backend.on('error', () => socket.destroy());
  backend.once('close', () => socket.destroy());
  socket.once('close', () => backend.destroy());
  socket.write(headOf(answer));
  if (head.length > 0) socket.write(head);
  if (first.length > 0) backend.write(first);
  backend.pipe(socket);
  socket.pipe(backend);
}

/** The connection ends with it, for what follows on it is nobody's. */
function passRefusal(socket: Duplex, answer: IncomingMessage): void {
  socket.write(headOf(answer, true));
  answer.on('error', () => socket.destroy());
  answer.pipe(socket);
}

const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'proxy-connection']);

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage, ends = false): string {
  const lines = [`HTTP/1.1 ${statusCode ?? 502} ${statusMessage ?? ''}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (ends && hopHeaders.has(name.toLowerCase())) continue;
    lines.push(`${name}: ${rawHeaders[i + 1] ?? ''}`);
  }
  if (ends) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Answers a request to upgrade that goes nowhere. */
export function refuse(socket: Duplex, status: string): void {
  if (socket.destroyed) return;
  const text = status.startsWith('404') ? 'default backend - 404' : status;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
  );
}

function isSocket(socket: Duplex): socket is Socket {
  return 'setTimeout' in socket;
}

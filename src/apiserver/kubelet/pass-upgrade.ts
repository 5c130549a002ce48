import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../../api/status.ts';
import { messageOf } from '../../base/error.ts';
import type { Upgrade } from '../../stream/upgrade.ts';
import { dial } from './dial.ts';
import type { Kubelets } from './kubelets.ts';
import { addressText, type Target } from './target.ts';

/** What of the client's request goes along; who it is, is between it and this server. */
const passedHeaders =
  /^(connection|upgrade|content-length|x-stream-|sec-websocket-|origin|user-agent)/i;

/**
 * Connects a client with a kubelet or pod that it wants to speak another protocol with: its
 * answer, a refusal too, and all that follows go through byte for byte. Throws before anything
 * was answered; resolves when the connection is over.
 */
export async function passUpgrade(
  kubelets: Kubelets,
  target: Target,
  { upgrade, signal }: { readonly upgrade: Upgrade; readonly signal: AbortSignal },
): Promise<void> {
  const { request, socket, head } = upgrade;
  const server = await dial(kubelets, target, signal).catch((error: unknown) => {
    throw new ApiError('InternalError', `error dialing backend: ${messageOf(error)}`);
  });
  // Two pipelines, TLS and the parser of HTTP listen to them.
  for (const end of [socket, server]) end.setMaxListeners(32);
  server.setNoDelay(true);
  (socket as Duplex & Partial<Socket>).setNoDelay?.(true);
  server.write(headOf(request.method ?? 'GET', target, request.rawHeaders));
  if (head.length > 0) server.write(head);
  const ways = [pipeline(socket, server, { signal }), pipeline(server, socket, { signal })];
  // Nobody ends one way alone: the side that is done is gone.
  await Promise.race(ways).catch(() => undefined);
  socket.destroy();
  server.destroy();
  await Promise.allSettled(ways);
}

/** Header names and values were checked by the parser that read them: there is no line break. */
function headOf(method: string, target: Target, rawHeaders: readonly string[]): string {
  const lines = [`${method} ${target.path} HTTP/1.1`, `Host: ${addressText(target)}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    // A bearer token may stand among the WebSocket's protocols.
    const value = withoutToken(name, rawHeaders[at + 1] ?? '');
    if (passedHeaders.test(name) && value !== '') lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function withoutToken(name: string, value: string): string {
  if (name.toLowerCase() !== 'sec-websocket-protocol') return value;
  const words = value.split(',').map((word) => word.trim());
  return words.filter((word) => !word.startsWith('base64url.bearer.authorization.')).join(', ');
}

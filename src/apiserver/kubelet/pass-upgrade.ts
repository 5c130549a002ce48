import { connect as connectPlain, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls } from 'node:tls';
import { limits } from '../../base/limits.ts';
import { ApiError } from '../../api/status.ts';
import type { Upgrade } from '../../stream/upgrade.ts';
import type { Kubelets } from './kubelets.ts';
import { dialFailure } from './pass-on.ts';
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
  const server = await dial(kubelets, target);
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

async function dial(kubelets: Kubelets, target: Target): Promise<Socket> {
  const { host, port, tls } = target;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = tls ? connectTls({ ...kubelets.tls, host, port }) : connectPlain({ host, port });
  const late = setTimeout(() => socket.destroy(new Error('i/o timeout')), limits.apiDialMs);
  socket.once(tls ? 'secureConnect' : 'connect', resolve).once('error', reject);
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    const words = dialFailure(target, error as Error);
    throw new ApiError('InternalError', `error dialing backend: ${words}`);
  } finally {
    clearTimeout(late);
  }
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

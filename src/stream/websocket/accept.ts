import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Upgrade } from '../upgrade.ts';

/** What was chosen for a request that is being answered. */
const chosen = new WeakMap<IncomingMessage, string>();

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  // Compression would cost memory for each connection, and tell by lengths what was sent before.
  perMessageDeflate: false,
  maxPayload: limits.webSocketMessageBytes,
  // The answers to a flood of pings would be kept for a client that does not read them.
  autoPong: false,
});

server.on('headers', (headers, request) => {
  const protocol = chosen.get(request) ?? '';
  if (protocol !== '') headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
});

/**
 * Switches a connection to WebSocket with a protocol that {@link negotiate} chose; '' for none.
 * Throws DomainError `invalid` when the client's handshake is none; it has been told.
 */
export async function acceptWebSocket(upgrade: Upgrade, protocol: string): Promise<WebSocket> {
  const { request, socket, head } = upgrade;
  // The name of the tunnel's protocol has a slash, which the library refuses in a list.
  delete request.headers['sec-websocket-protocol'];
  chosen.set(request, protocol);
  return new Promise((resolve, reject) => {
    const onClose = (): void => {
      reject(new DomainError('invalid', 'The WebSocket handshake failed'));
    };
    socket.once('close', onClose);
    server.handleUpgrade(request, socket, head, (accepted) => {
      socket.off('close', onClose);
      accepted.on('error', () => undefined);
      accepted.on('ping', (data: Buffer) => {
        if (accepted.bufferedAmount <= limits.streamBufferBytes) accepted.pong(data);
      });
      resolve(accepted);
    });
  });
}

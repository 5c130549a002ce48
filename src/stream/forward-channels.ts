import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { type Dial, forwardConnection } from './forward-connection.ts';
import { ChannelSocket } from './websocket/channel-socket.ts';
import type { Encoding } from './websocket/message.ts';

export type { Dial } from './forward-connection.ts';

export interface ForwardSocket {
  readonly socket: WebSocket;
  readonly transport: Duplex;
  readonly encoding: Encoding;
  readonly ports: readonly number[];
}

/**
 * Serves port-forwarding over channels of a WebSocket: one connection a port, with a channel for
 * data and the next one for errors, each beginning with the port. Resolves when the client is gone.
 */
export async function forwardChannels(parts: ForwardSocket, dial: Dial): Promise<void> {
  const { socket, transport, encoding, ports } = parts;
  const channels = new ChannelSocket(socket, transport, {
    encoding,
    channels: 2 * ports.length,
    endSignals: false,
  });
  const work = ports.map(async (port, index) => {
    const [data, error] = [channels.channel(2 * index), channels.channel(2 * index + 1)];
    error.resume();
    const number = Buffer.alloc(2);
    number.writeUInt16LE(port);
    data.write(number);
    error.write(number);
    await forwardConnection({ port, data, error }, dial);
  });
  await Promise.all(work);
  await channels.close();
}

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Upgrade } from '../../../src/stream/upgrade.ts';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** Gives every upgrade to `work`; what it throws shows in a closed connection. */
export async function serve(work: (upgrade: Upgrade) => Promise<void>): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    work({ request, socket, head }).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

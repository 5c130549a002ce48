import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { limits } from '../../base/limits.ts';
import { answerQuery, type NameSources } from './answer-query.ts';
import type { ClientBounds } from './client-bounds.ts';
import type { Endpoint } from './serve-datagrams.ts';

/** Answers over TCP until it is disposed of. Throws when the address cannot be had. */
export async function serveConnections(
  { address, port }: Endpoint,
  sources: NameSources,
  bounds: ClientBounds,
): Promise<Disposable> {
  const open = new Set<Socket>();
  const byClient = new Map<string, number>();
  const server = createServer((socket) => {
    const client = socket.remoteAddress ?? '';
    const count = byClient.get(client) ?? 0;
    socket.on('error', () => socket.destroy());
    if (count >= limits.dnsClientConnections) {
      socket.destroy();
      return;
    }
    byClient.set(client, count + 1);
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      const left = (byClient.get(client) ?? 1) - 1;
      if (left > 0) byClient.set(client, left);
      else byClient.delete(client);
    });
    socket.setTimeout(limits.dnsIdleMs, () => socket.destroy());
    void answerAll(socket, sources, bounds);
  });
  server.maxConnections = limits.dnsConnections;
  server.listen(port, address);
  await once(server, 'listening');
  server.on('error', (error) => sources.log.debug({ err: error }, 'DNS over TCP'));
  return {
    [Symbol.dispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** RFC 7766: one after another, in order; the next is read when the last is answered. */
async function answerAll(
  socket: Socket,
  sources: NameSources,
  bounds: ClientBounds,
): Promise<void> {
  const client = socket.remoteAddress ?? '';
  let received: Buffer = Buffer.alloc(0);
  try {
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const query = received.subarray(2, end);
        received = received.subarray(end);
        if (!bounds.enter(client)) return;
        try {
          if (!(await answerOne(socket, query, sources))) return;
        } finally {
          bounds.leave(client);
        }
      }
    }
  } catch {
    // The client has gone.
  } finally {
    socket.destroy();
  }
}

/** False when there is no answer to give, which ends the connection. */
async function answerOne(socket: Socket, query: Buffer, sources: NameSources): Promise<boolean> {
  const answer = await answerQuery(query, () => 0xffff, sources);
  if (answer === undefined) return false;
  const length = Buffer.alloc(2);
  length.writeUInt16BE(answer.length);
  if (!socket.write(Buffer.concat([length, answer]))) await drained(socket);
  return !socket.destroyed;
}

async function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
}

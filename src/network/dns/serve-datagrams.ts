import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { ClientBounds } from './client-bounds.ts';
import { udpBytes } from './encode-answer.ts';
import { answerQuery, type NameSources } from './answer-query.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Answers over UDP until it is disposed of. Throws when the address cannot be had. */
export async function serveDatagrams(
  { address, port }: Endpoint,
  sources: NameSources,
  bounds: ClientBounds,
): Promise<Disposable> {
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, recvBufferSize: receiveBytes });
  const answer = async (bytes: Buffer, from: RemoteInfo): Promise<void> => {
    // Port 0 is nobody's: an answer could not be sent.
    if (from.port === 0 || !bounds.enter(from.address)) return;
    try {
      const message = await answerQuery(bytes, udpBytes, sources);
      if (message !== undefined) socket.send(message, from.port, from.address, ignore);
    } catch (error) {
      // The socket was closed meanwhile.
      sources.log.trace({ err: error }, 'An answer could not be sent');
    } finally {
      bounds.leave(from.address);
    }
  };
  socket.on('message', (bytes, from) => void answer(bytes, from));
  socket.bind(port, address);
  await once(socket, 'listening');
  // From now on errors are those of single answers.
  socket.on('error', (error) => sources.log.debug({ err: error }, 'DNS over UDP'));
  return { [Symbol.dispose]: () => void socket.close() };
}

/** What comes while a turn of the event loop takes long; as far as the kernel allows it. */
const receiveBytes = 1024 * 1024;

function ignore(): void {
  // The client asks again.
}

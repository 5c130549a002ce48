import { type IncomingMessage, request as httpRequest } from 'node:http';
import { type RequestOptions, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { SpdyConnection, type SpdyOptions } from './spdy/connection.ts';

export interface DialRequest {
  readonly url: string;
  /** The stream protocols that the caller can speak, its dearest first. */
  readonly protocols: readonly string[];
  /** For `https`: ca, cert, key. */
  readonly tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername'>;
  readonly onStream?: SpdyOptions['onStream'];
}

export interface DialedSpdy {
  readonly connection: SpdyConnection;
  /** What the server chose; '' when it names none. */
  readonly protocol: string;
}

/**
 * Connects to a streaming server by SPDY/3.1. Throws DomainError `unavailable` with the server's
 * words when it refuses, `timeout` when it says nothing.
 */
export async function dialSpdy(dialed: DialRequest): Promise<DialedSpdy> {
  const { response, socket, head } = await upgraded(dialed);
  if (head.length > 0) socket.unshift(head);
  const { onStream } = dialed;
  const options = { side: 'client' as const, ...(onStream === undefined ? {} : { onStream }) };
  const protocol = response.headersDistinct['x-stream-protocol-version']?.[0] ?? '';
  return { connection: new SpdyConnection(socket, options), protocol };
}

interface Upgraded {
  readonly response: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

function upgraded({ url, protocols, tls }: DialRequest): Promise<Upgraded> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      ...tls,
      method: 'POST',
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'SPDY/3.1',
        'X-Stream-Protocol-Version': [...protocols],
      },
    });
    request.setTimeout(limits.streamHandshakeMs, () => {
      request.destroy(new DomainError('timeout', `No answer from ${hostOf(url)}`));
    });
    request.once('error', reject);
    request.once('upgrade', (response, socket, head) => {
      socket.setTimeout(0);
      resolve({ response, socket, head });
    });
    request.once('response', (response) => {
      refusalOf(response).then(reject, reject);
    });
    request.end();
  });
}

/** The path is the right to connect, and stays out of messages. */
function hostOf(url: string): string {
  return new URL(url).host;
}

async function refusalOf(response: IncomingMessage): Promise<DomainError> {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (text.length < limits.streamRequestBytes) text += chunk.toString();
  }
  const status = `${response.statusCode} ${response.statusMessage}`;
  return new DomainError('unavailable', `The server answered ${status}: ${text.trim()}`);
}

import { text } from 'node:stream/consumers';
import { messageOf } from '../base/error.ts';
import type { SpdyConnection } from './spdy/connection.ts';
import type { SpdyStream } from './spdy/stream.ts';

export interface ForwardedStream {
  readonly data: SpdyStream;
  /** What the server said of a failure; '' when all went well. Never rejects. */
  readonly failure: Promise<string>;
}

let requests = 0;

/** Opens a connection to a port over a SPDY connection that speaks `portforward.k8s.io`. */
export async function openForward(
  connection: SpdyConnection,
  port: number,
): Promise<ForwardedStream> {
  const requestid = String(++requests);
  const open = (streamtype: string): Promise<SpdyStream> =>
    connection.open(new Map(Object.entries({ streamtype, port: String(port), requestid })));
  const error = await open('error');
  error.end();
  const failure = text(error).catch(messageOf);
  return { data: await open('data'), failure };
}

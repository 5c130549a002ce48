import type { Duplex } from 'node:stream';
import { limits } from '../base/limits.ts';
import { type Dial, forwardConnection } from './forward-connection.ts';
import { SpdyConnection } from './spdy/connection.ts';
import type { SpdyStream } from './spdy/stream.ts';

interface Half {
  readonly stream: SpdyStream;
  readonly late: NodeJS.Timeout;
}

/**
 * Serves port-forwarding over SPDY: for each connection the client opens two streams, `error` and
 * `data`, with the same `requestid`. Resolves when the client is gone.
 */
export async function forwardStreams(transport: Duplex, dial: Dial): Promise<void> {
  const halves = new Map<string, Half>();
  const onStream = (stream: SpdyStream): boolean => {
    const [type, port] = [stream.headers.get('streamtype'), portOf(stream)];
    if ((type !== 'error' && type !== 'data') || port === undefined) return false;
    const key = `${port}/${requestOf(stream)}`;
    const other = halves.get(key);
    if (other === undefined) {
      const late = setTimeout(() => stream.destroy(), limits.streamCreateMs);
      halves.set(key, { stream, late });
      stream.once('close', () => {
        clearTimeout(late);
        if (halves.get(key)?.stream === stream) halves.delete(key);
      });
      return true;
    }
    if (other.stream.headers.get('streamtype') === type) return false;
    clearTimeout(other.late);
    halves.delete(key);
    const [data, error] = type === 'data' ? [stream, other.stream] : [other.stream, stream];
    error.resume();
    forwardConnection({ port, data, error }, dial).catch(() => undefined);
    return true;
  };
  await new SpdyConnection(transport, { side: 'server', onStream }).closed;
}

function portOf({ headers }: SpdyStream): number | undefined {
  const text = headers.get('port') ?? '';
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port > 0 && port < 65_536 ? port : undefined;
}

/** Clients older than `requestid` open the data stream right after the error stream. */
function requestOf({ headers, id }: SpdyStream): string {
  const first = headers.get('streamtype') === 'error' ? id : id - 2;
  return headers.get('requestid') ?? `stream ${first}`;
}

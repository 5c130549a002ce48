import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DomainError } from '../../base/error.ts';
import { type ExchangeListener, TcpExchange } from '../../kernel/tcp-exchange.ts';
import { type HttpAnswer, HttpAnswerReader } from './http-answer.ts';

export interface HttpQuestion {
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  /** Its answer may lie there for a moment, until those of others have come as well. */
  readonly isUnhurried?: boolean;
}

/** A container of the same node has answered by then. */
const gatherMs = 25;

/**
 * GET, on a connection of its own that is closed afterwards. Throws the connection's failure, or
 * Go's words for what no answer was. Certificates are not checked.
 */
export function askHttp(question: HttpQuestion): Promise<HttpAnswer> {
  const { timeoutMs } = question;
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const reader = new HttpAnswerReader();
  let wire: Closing | undefined;
  const timer = setTimeout(() => {
    const where = 'Client.Timeout exceeded while awaiting headers';
    end(() => reject(new DomainError('timeout', `context deadline exceeded (${where})`)));
  }, timeoutMs);
  const end = (settle: () => void) => {
    clearTimeout(timer);
    wire?.close();
    settle();
  };
  const read = (next: () => HttpAnswer | undefined) => {
    try {
      const answer = next();
      if (answer !== undefined) end(() => resolve(answer));
    } catch (error) {
      end(() => reject(error));
    }
  };
  try {
    wire = openWire(question, {
      onSent: () => undefined,
      onData: (data) => read(() => reader.take(data)),
      onEnd: (error) => {
        if (error === undefined) read(() => reader.end());
        else end(() => reject(error));
      },
    });
  } catch (error) {
    end(() => reject(error));
  }
  return promise;
}

interface Closing {
  readonly close: () => void;
}

/** Names and TLS are Node's; nearly all probes need neither. */
function openWire(
  { url, headers, isUnhurried = false }: HttpQuestion,
  listener: ExchangeListener,
): Closing {
  const request = requestOf(url, headers);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  if (!secure && isIP(host) !== 0) {
    const lookAfterMs = isUnhurried ? gatherMs : 0;
    return new TcpExchange({ address: host, port, request, lookAfterMs }, listener);
  }
  const socket = secure
    ? connectTls({
        host,
        port,
        rejectUnauthorized: false,
        ...(isIP(host) === 0 && { servername: host }),
      })
    : connect({ host, port });
  socket.on('data', (data: Buffer) => listener.onData(data));
  socket.once('end', () => listener.onEnd());
  socket.on('error', (error) => listener.onEnd(error));
  socket.write(request);
  return { close: () => socket.destroy() };
}

const ours = [
  ['user-agent', 'kube-probe/1.33'],
  ['accept', '*/*'],
  ['connection', 'close'],
] as const;

function requestOf(url: URL, given: HttpQuestion['headers']): Buffer {
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const defaults = [['host', url.host] as const, ...ours].filter(([name]) => !names.has(name));
  const lines = [...defaults, ...given].flatMap(([name, value]) => {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new DomainError('invalid', `net/http: invalid header field value for "${name}"`);
    }
    // As with Go's client, an empty one says that it shall not be sent.
    return value === '' ? [] : [`${name}: ${value}\r\n`];
  });
  const path = `${url.pathname}${url.search}`;
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}

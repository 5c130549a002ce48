import { connect as connectPlain, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Upgrade } from '../../stream/upgrade.ts';
import { Refusal } from './refusal.ts';

/** What of the client's request the runtime needs to agree on a protocol. */
const passedHeaders =
  /^(connection|upgrade|content-length|x-stream-|sec-websocket-|origin|user-agent)/i;

/** What a timer of Node can wait for at most. */
const longestMs = 2 ** 31 - 1;

/**
 * Connects a client with the stream that the runtime offers at `url`: its answer and all that
 * follows go through byte for byte. Throws before anything was answered; resolves when the
 * connection is over, also when nothing came for `idleMs` to twice that.
 */
export async function passStream(upgrade: Upgrade, url: string, idleMs: number): Promise<void> {
  const { request, socket, head } = upgrade;
  const target = targetOf(url);
  const runtime = await dial(target);
  const client = socket as Duplex & Partial<Socket>;
  runtime.setNoDelay(true);
  client.setNoDelay?.(true);
  const end = () => {
    socket.destroy();
    runtime.destroy();
  };
  client.setTimeout?.(0);
  using _idle = watchIdle(runtime, idleMs, end);
  runtime.write(headOf(request.method ?? 'GET', target, request.rawHeaders));
  if (head.length > 0) runtime.write(head);
  const ways = [pipeline(socket, runtime), pipeline(runtime, socket)];
  // Nobody ends one way alone: the side that is done is gone.
  await Promise.race(ways).catch(() => undefined);
  end();
  await Promise.allSettled(ways);
}

/** A byte either way keeps both: what flows one way is silence the other. */
function watchIdle(socket: Socket, idleMs: number, end: () => void): Disposable {
  let seen = -1;
  const check = () => {
    const now = socket.bytesRead + socket.bytesWritten;
    if (now === seen) end();
    seen = now;
  };
  const timer = setInterval(check, Math.min(idleMs === 0 ? longestMs : idleMs, longestMs));
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function targetOf(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol === 'http:') return target;
  throw new Refusal(500, `the runtime offers its stream at ${JSON.stringify(url)}`);
}

async function dial({ hostname, port }: URL): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connectPlain({ host, port: Number(port === '' ? 80 : port) });
  const late = setTimeout(() => socket.destroy(new Error('i/o timeout')), limits.kubeletDialMs);
  socket.once('connect', resolve).once('error', reject);
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw new Refusal(500, `error dialing backend: ${messageOf(error)}`);
  } finally {
    clearTimeout(late);
  }
}

/** Header names and values were checked by the parser that read them: there is no line break. */
function headOf(method: string, target: URL, rawHeaders: readonly string[]): string {
  const lines = [`${method} ${target.pathname}${target.search} HTTP/1.1`, `Host: ${target.host}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (passedHeaders.test(name)) lines.push(`${name}: ${rawHeaders[at + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

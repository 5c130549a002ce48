import { PassThrough, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { dialSpdy } from '../src/stream/dial-spdy.ts';
import type { SpdyStream } from '../src/stream/spdy/stream.ts';

/** A client of an exec or attach, over either protocol. */
export interface CommandClient {
  readonly protocol: string;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly error: Readable;
  readonly resize: Writable;
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  /** Goes away without a word. */
  vanish(): void;
}

export interface Wanted {
  readonly protocols: readonly string[];
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly resize?: boolean;
}

/** As Go's client does it: the error stream first, each waited for. */
export async function spdyClient(url: string, wanted: Wanted): Promise<CommandClient> {
  const { connection, protocol } = await dialSpdy({ url, protocols: wanted.protocols });
  const streams = new Map<string, SpdyStream>();
  for (const name of ['error', 'stdin', 'stdout', 'stderr', 'resize'] as const) {
    if (name !== 'error' && wanted[name] !== true) continue;
    streams.set(name, await connection.open(new Map([['streamType', name]])));
  }
  const stream = (name: string): SpdyStream | PassThrough => streams.get(name) ?? emptied();
  return {
    protocol,
    stdin: stream('stdin'),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    error: stream('error'),
    resize: stream('resize'),
    closed: connection.closed,
    vanish: () => connection.destroy(),
  };
}

function emptied(): PassThrough {
  const stream = new PassThrough();
  stream.end();
  return stream;
}

/** Shares nothing with our channels but the library: messages are made and read here. */
export async function socketClient(url: string, wanted: Wanted): Promise<CommandClient> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), [...wanted.protocols]);
  const outputs = [1, 2, 3].map(() => new PassThrough());
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    // A message may follow the answer at once.
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const [channel, bytes] = split(data, isBinary);
      const output = outputs[channel - 1];
      if (output === undefined || output.write(bytes)) return;
      socket.pause();
      output.once('drain', () => socket.resume());
    });
    socket.once('open', resolve);
  });
  const { protocol } = socket;
  const base64 = protocol.includes('base64');
  const input = (channel: number): PassThrough => {
    const stream = new PassThrough();
    stream.on('data', (bytes: Buffer) => {
      if (base64) socket.send(`${channel}${bytes.toString('base64')}`);
      else socket.send(Buffer.concat([Buffer.from([channel]), bytes]));
    });
    stream.once('end', () => {
      if (protocol.startsWith('v5')) socket.send(Buffer.from([255, channel]));
    });
    return stream;
  };
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  closed.then(() => outputs.forEach((stream) => stream.end())).catch(() => undefined);
  socket.on('error', () => undefined);
  const [stdout, stderr, error] = outputs as [PassThrough, PassThrough, PassThrough];
  return {
    protocol,
    stdin: input(0),
    stdout,
    stderr,
    error,
    resize: input(4),
    closed,
    vanish: () => socket.terminate(),
  };
}

function split(data: Buffer, isBinary: boolean): [number, Buffer] {
  const rest = data.subarray(1);
  if (isBinary) return [data[0] ?? 255, rest];
  return [Number(String.fromCharCode(data[0] ?? 0)), Buffer.from(rest.toString(), 'base64')];
}

export interface Heard {
  readonly stdout: string;
  readonly stderr: string;
  readonly error: string;
}

/** All that a client hears until the end. */
export async function hear(client: CommandClient): Promise<Heard> {
  const [stdout, stderr, error] = await Promise.all([
    text(client.stdout),
    text(client.stderr),
    text(client.error),
  ]);
  return { stdout, stderr, error };
}

export const clients = { spdy: spdyClient, websocket: socketClient } as const;

/** All versions that there are of each. */
export const versions = {
  spdy: ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'],
  websocket: [
    'v5.channel.k8s.io',
    'v4.channel.k8s.io',
    'v4.base64.channel.k8s.io',
    'channel.k8s.io',
    'base64.channel.k8s.io',
  ],
} as const;

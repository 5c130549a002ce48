import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { limits } from '../../base/limits.ts';
import { lingerOver } from '../linger.ts';
import { Channel } from './channel.ts';
import { decodeMessage, encodeMessage, type Encoding } from './message.ts';

export interface ChannelOptions {
  readonly encoding: Encoding;
  readonly channels: number;
  /** Since version 5, a message of channel 255 ends the channel that it names. */
  readonly endSignals: boolean;
}

/**
 * Numbered byte streams over one WebSocket, from either end. A reader that is behind holds back the
 * whole connection, and a slow connection its writers.
 */
export class ChannelSocket {
  /** Resolves when the connection is gone, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #channels: readonly Channel[];
  readonly #transport: Duplex;
  #behind = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  /** Takes over both: an open WebSocket, and the connection beneath it. */
  constructor(socket: WebSocket, transport: Duplex, options: ChannelOptions) {
    this.#socket = socket;
    this.#transport = transport;
    this.#options = options;
    this.#channels = Array.from(
      { length: options.channels },
      (_, index) => new Channel((bytes, done) => this.#send(index, { bytes, done })),
    );
    socket.on('message', (data, isBinary) => this.#onMessage(data as Buffer, isBinary));
    socket.on('error', () => undefined);
    socket.once('close', () => this.#onClose());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    // A paused WebSocket keeps its `close` to itself.
    transport.once('close', () => {
      this.#onClose();
      resolve();
    });
    if (transport.destroyed) resolve();
  }

  /** The channel of a number below `channels`. */
  channel(index: number): Channel {
    const channel = this.#channels[index];
    if (channel === undefined) throw new RangeError(`There is no channel ${index}`);
    return channel;
  }

  /** Tells the other end that we send no more on a channel; only with `endSignals`. */
  endChannel(index: number): void {
    this.#send(255, { bytes: Buffer.from([index]), done: () => undefined });
  }

  /** An empty message, by which a client sees that somebody is there. */
  greet(index: number): void {
    this.#send(index, { bytes: Buffer.alloc(0), done: () => undefined });
  }

  /** Ends it in order: what was written before arrives, what still comes is dropped. */
  async close(): Promise<void> {
    for (const channel of this.#channels) channel.destroy();
    this.#socket.resume();
    this.#socket.close(1000);
    lingerOver(this.#transport, this.closed);
    await this.closed;
  }

  #send(index: number, message: { bytes: Buffer; done: (error?: Error | null) => void }): void {
    const data = encodeMessage(this.#options.encoding, index, message.bytes);
    this.#socket.send(data, { binary: typeof data !== 'string' }, message.done);
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    const message = decodeMessage(isBinary ? 'binary' : this.#options.encoding, data);
    if (message === undefined) return;
    const { channel, bytes } = message;
    if (channel === 255 && this.#options.endSignals) {
      this.#channels[bytes[0] ?? 255]?.deliverEnd();
      return;
    }
    const wait = this.#channels[channel]?.deliver(bytes);
    if (wait !== undefined) this.#holdBack(wait).catch(() => undefined);
  }

  /** That its other end is gone shows only on a connection that is read or written. */
  async #holdBack(reader: Promise<void>): Promise<void> {
    this.#behind++;
    this.#socket.pause();
    this.#heartbeat ??= setInterval(() => this.#beat(), limits.streamHeartbeatMs);
    await reader;
    if (--this.#behind > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    this.#socket.resume();
  }

  /** A pong that nobody asked for needs no answer, which would wait behind what is not read. */
  #beat(): void {
    const { readyState, OPEN, bufferedAmount } = this.#socket;
    if (readyState === OPEN && bufferedAmount <= limits.streamBufferBytes) this.#socket.pong();
  }

  #onClose(): void {
    clearInterval(this.#heartbeat);
    for (const channel of this.#channels) channel.abandon('The connection is gone');
    this.#transport.destroy();
  }
}

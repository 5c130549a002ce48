import type { Duplex } from 'node:stream';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import {
  dataHead,
  type Frame,
  goAway,
  noSettings,
  ping,
  reset,
  resetStatus,
  synReply,
  synStream,
  windowUpdate,
} from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { HeaderReader, HeaderWriter } from './header-block.ts';
import type { Headers } from './headers.ts';
import { drained } from '../drained.ts';
import { lingerOver } from '../linger.ts';
import { SpdyStream, type StreamDone, type StreamLink } from './stream.ts';

export interface SpdyOptions {
  readonly side: 'client' | 'server';
  /** Whether a stream that the other end opened is taken; it is refused otherwise. */
  readonly onStream?: (stream: SpdyStream) => boolean;
}

interface Opening {
  readonly stream: SpdyStream;
  resolve(stream: SpdyStream): void;
  reject(error: Error): void;
}

const noHeaders: Headers = new Map();
/** GOAWAY's word for it. */
const protocolError = 1;
const dataFrameBytes = 1024 * 1024;
/** Taken data is told in steps of this size. */
const windowStepBytes = 32 * 1024;

/**
 * SPDY/3.1 over any byte stream, from either end. A reader that is behind holds back the whole
 * connection, and a slow connection its writers; nothing is buffered beyond a stream's bound.
 *
 * Windows are told but not obeyed: Go's spdystream, which every kubelet and kubectl has, neither
 * sends nor heeds WINDOW_UPDATE, and an end that waited for one would stop after 64 KiB.
 */
export class SpdyConnection {
  /** Resolves when the connection is gone, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  readonly #transport: Duplex;
  readonly #options: SpdyOptions;
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #opening = new Map<number, Opening>();
  readonly #taken = new Map<number, number>();
  #nextStream: number;
  #lastForeign = 0;
  /** No more is written, and what comes is dropped. */
  #ending = false;
  #reading = true;
  readonly #resolveClosed: () => void;
  readonly #link: StreamLink = {
    send: (stream, data, done) => this.#send(stream, data, done),
    reset: (stream, status) => this.#write(reset(stream, status)),
    forget: (stream) => this.#forget(stream),
  };

  /** Takes over the transport. */
  constructor(transport: Duplex, options: SpdyOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#nextStream = options.side === 'client' ? 1 : 2;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    transport.on('error', () => undefined);
    transport.once('close', () => this.#onClose());
    if (transport.destroyed) this.#reading = false;
    else this.#run().catch(() => undefined);
    if (transport.destroyed) this.#onClose();
  }

  /** Opens a stream; resolves when the other end has taken it, which may be never. */
  open(headers: Headers): Promise<SpdyStream> {
    const id = this.#nextStream;
    this.#nextStream += 2;
    const stream = new SpdyStream(id, headers, this.#link);
    if (this.#ending || this.#transport.destroyed) return Promise.reject(gone());
    this.#streams.set(id, stream);
    return new Promise((resolve, reject) => {
      this.#opening.set(id, { stream, resolve, reject });
      this.#write(synStream(id, this.#writer.write(headers)));
    });
  }

  /**
   * Ends it in order: what was written to streams before arrives; what still comes is dropped, for
   * a socket closed with unread bytes resets the connection and loses what is under way.
   */
  async close(): Promise<void> {
    for (const stream of this.#streams.values()) {
      if (stream.localEnded) stream.abandon('The connection ends');
      else stream.destroy();
    }
    this.#endWith(0);
    await this.closed;
  }

  destroy(): void {
    this.#ending = true;
    this.#transport.destroy();
  }

  /** Our last words; then the other end has a moment to hear them. */
  #endWith(status: number): void {
    if (this.#ending) return;
    this.#write(goAway(this.#lastForeign, status));
    this.#ending = true;
    this.#transport.end();
    lingerOver(this.#transport, this.closed);
  }

  #send(stream: number, data: { bytes: Buffer; end: boolean }, done: StreamDone): void {
    const { bytes, end } = data;
    if (this.#ending || !this.#transport.writable) return done(gone());
    this.#transport.cork();
    for (let at = 0, last = false; !last;) {
      const piece = bytes.subarray(at, at + dataFrameBytes);
      at += piece.length;
      last = at === bytes.length;
      const told = last ? done : undefined;
      const head = dataHead(stream, piece.length, end && last);
      this.#transport.write(head, piece.length === 0 ? told : undefined);
      if (piece.length > 0) this.#transport.write(piece, told);
    }
    this.#transport.uncork();
  }

  #forget(stream: number): void {
    this.#streams.delete(stream);
    this.#taken.delete(stream);
    this.#opening.get(stream)?.reject(gone());
    this.#opening.delete(stream);
  }

  async #run(): Promise<void> {
    const decoder = new FrameDecoder();
    try {
      const chunks = this.#transport.iterator({ destroyOnReturn: false });
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        for (const frame of decoder.push(chunk)) {
          const wait = this.#ending ? undefined : this.#handle(frame);
          if (wait !== undefined) await wait;
        }
      }
      this.destroy();
    } catch {
      // Whoever sends no SPDY is told so; an aborted connection is told in vain.
      this.#endWith(protocolError);
      this.#transport.resume();
    }
    this.#reading = false;
    if (this.#transport.closed) this.#abandonAll();
  }

  #handle(frame: Frame): Promise<void> | undefined {
    switch (frame.type) {
      case 'data':
        return this.#deliver(frame);
      case 'open':
        return this.#onOpen(frame);
      case 'reply':
      case 'headers':
        return this.#onHeaders(frame);
      case 'reset':
        this.#streams.get(frame.stream)?.abandon('The other end reset the stream');
        return undefined;
      case 'ping':
        this.#onPing(frame.id);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Reading stops while a stream's reader is behind. */
  #deliver(frame: Frame & { type: 'data' }): Promise<void> | undefined {
    const stream = this.#streams.get(frame.stream);
    if (stream === undefined) {
      // What is under way when a stream is closed is dropped.
      if (this.#wasOpened(frame.stream)) return undefined;
      throw new DomainError('invalid', `SPDY stream ${frame.stream} was never opened`);
    }
    const wait = stream.deliver(frame.bytes, frame.end);
    if (wait === undefined) this.#tellTaken(frame);
    else return this.#waitFor(wait).then(() => this.#tellTaken(frame));
    return undefined;
  }

  /**
   * That its other end is gone shows only on a connection that is read or written. A ping would
   * not do: its answer waits behind the data that is not read, and in Go's spdystream what comes in
   * then waits behind the answer.
   */
  async #waitFor(reader: Promise<void>): Promise<void> {
    const timer = setInterval(() => {
      if (!this.#isBehind()) this.#write(noSettings());
    }, limits.streamHeartbeatMs);
    await reader;
    clearInterval(timer);
  }

  #wasOpened(id: number): boolean {
    return this.#isForeign(id) ? id <= this.#lastForeign : id > 0 && id < this.#nextStream;
  }

  #isForeign(id: number): boolean {
    return id > 0 && (id % 2 === 1) === (this.#options.side === 'server');
  }

  #tellTaken({ stream, bytes }: { stream: number; bytes: Buffer }): void {
    const taken = (this.#taken.get(stream) ?? 0) + bytes.length;
    const tell = taken >= windowStepBytes && !this.#isBehind();
    if (this.#streams.has(stream)) this.#taken.set(stream, tell ? 0 : taken);
    if (tell) this.#write(Buffer.concat([windowUpdate(stream, taken), windowUpdate(0, taken)]));
  }

  async #onOpen({ stream: id, block, end }: Frame & { type: 'open' }): Promise<void> {
    // Also of a stream that is refused: the next block refers back to it.
    const headers = await this.#reader.read(block);
    if (!this.#isForeign(id) || id <= this.#lastForeign) {
      throw new DomainError('invalid', `SPDY stream ${id} opened out of order`);
    }
    this.#lastForeign = id;
    const stream = new SpdyStream(id, headers, this.#link);
    const full = this.#streams.size >= limits.spdyStreams;
    if (full || this.#options.onStream?.(stream) !== true) {
      this.#write(reset(id, resetStatus.refusedStream));
      stream.abandon('The stream is refused');
    } else {
      this.#streams.set(id, stream);
      this.#write(synReply(id, this.#writer.write(noHeaders)));
      await stream.deliver(Buffer.alloc(0), end);
    }
    await this.#caughtUp();
  }

  async #onHeaders(frame: Frame & { type: 'reply' | 'headers' }): Promise<void> {
    await this.#reader.read(frame.block);
    const { stream: id, end } = frame;
    const opening = this.#opening.get(id);
    this.#opening.delete(id);
    opening?.resolve(opening.stream);
    await this.#streams.get(id)?.deliver(Buffer.alloc(0), end);
  }

  /** Its own pings come back; the other end's are answered, unless it does not read the answers. */
  #onPing(id: number): void {
    if (this.#isForeign(id) && !this.#isBehind()) this.#write(ping(id));
  }

  #isBehind(): boolean {
    return this.#transport.writableLength > limits.streamBufferBytes;
  }

  /** Who opens streams without reading the answers is read no further. */
  async #caughtUp(): Promise<void> {
    if (this.#isBehind()) await drained(this.#transport);
  }

  #write(frame: Buffer): void {
    if (!this.#ending && this.#transport.writable) this.#transport.write(frame);
  }

  /**
   * What came before the end is still handed out, for a while: the last chunk may hold much of it.
   */
  #onClose(): void {
    this.#resolveClosed();
    if (!this.#reading || this.#ending || !this.#transport.readableEnded) return this.#abandonAll();
    const linger = setTimeout(() => this.#abandonAll(), limits.streamLingerMs);
    linger.unref();
  }

  #abandonAll(): void {
    this.#ending = true;
    this.#reader.close();
    for (const stream of this.#streams.values()) stream.abandon('The connection is gone');
    for (const opening of this.#opening.values()) opening.reject(gone());
    this.#opening.clear();
  }
}

function gone(): DomainError {
  return new DomainError('unavailable', 'The SPDY connection is gone');
}

import { Socket } from 'node:net';
import { Duplex, type Readable } from 'node:stream';
import { ReadStream } from 'node:tty';

/** The reading end of a pipe as a stream, which takes the descriptor over. */
export function readingEnd(fd: number): Readable {
  return new Socket({ fd, readable: true, writable: false });
}

/** The writing end of a pipe. What the reader does not want any more is no error. */
export function writingEnd(fd: number): NodeJS.WritableStream & { destroy(): void } {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => socket.destroy());
  return socket;
}

/** A pty's master. Linux says EIO where other systems say that the file is at its end. */
export function terminalEnd(fd: number): Duplex {
  const terminal = new ReadStream(fd);
  const stream = new Duplex({
    read: () => void terminal.resume(),
    write: (chunk: Buffer, _encoding, done) => void terminal.write(chunk, () => done()),
    destroy: (error, done) => {
      terminal.destroy();
      done(error);
    },
  });
  const end = (): void => void (stream.readableEnded || stream.push(null));
  terminal.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) terminal.pause();
  });
  terminal.on('error', end);
  terminal.on('end', end);
  terminal.on('close', end);
  return stream;
}

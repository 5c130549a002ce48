import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { DomainError, hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { Frames } from './frames.ts';
import { errorOf, type GrpcStatus, statusCode } from './status-code.ts';

/** HTTP/2's code for a stream that its client ends. */
export const cancelled = 8;

/**
 * The only message that a call is answered with, once its status has come too; undefined when there
 * is none. Rejects as {@link statusOf} does. It is read to its end: leaving a stream before that
 * resets it, and servers end connections for that.
 */
export function onlyAnswer(
  stream: ClientHttp2Stream,
  socketPath: string,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const frames = new Frames(limits.grpcMessageBytes * 4);
    let answer: Buffer | undefined;
    let isOkay = false;
    const settle = (): void => {
      if (isOkay && answer !== undefined) resolve(answer);
    };
    stream.on('data', (chunk: Buffer) => {
      try {
        const [message] = frames.take(chunk);
        answer ??= message;
      } catch (error) {
        reject(error);
        stream.close(cancelled);
      }
      settle();
    });
    onStatus(stream, (status) => {
      isOkay = status.code === statusCode.ok;
      if (isOkay) settle();
      else reject(errorOf(status));
    });
    stream.on('error', (error) => reject(unreachable(error, socketPath)));
    // An error takes the time that its stack does: one that nobody hears of is not made.
    stream.on('close', () => (isOkay ? resolve(answer) : reject(closed())));
  });
}

/** Rejects as the status says; gRPC sends it in trailers, or in headers when there is no answer. */
export function statusOf(stream: ClientHttp2Stream, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    onStatus(stream, (status) => {
      isSettled = true;
      if (status.code === statusCode.ok) resolve();
      else reject(errorOf(status));
    });
    stream.on('error', (error) => reject(unreachable(error, socketPath)));
    stream.on('close', () => {
      if (!isSettled) reject(closed());
    });
  });
}

function onStatus(stream: ClientHttp2Stream, tell: (status: GrpcStatus) => void): void {
  const read = (headers: IncomingHttpHeaders): void => {
    const text = headers['grpc-status'];
    if (text === undefined) return;
    const details = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    tell({ code: Number(text), details });
  };
  stream.on('response', read);
  stream.on('trailers', read);
}

function closed(): DomainError {
  return new DomainError('unavailable', 'The runtime closed the connection');
}

function unreachable(failure: Error, socketPath: string): Error {
  // A stream that waited for the connection carries the connection's error as its cause.
  const error = failure.cause instanceof Error ? failure.cause : failure;
  const why = hasCode(error, 'ENOENT', 'ECONNREFUSED')
    ? `no runtime listens at ${socketPath}; start one with \`keelson runtime\``
    : hasCode(error, 'EACCES')
      ? `no permission for ${socketPath}; run as root`
      : error.message;
  return new DomainError('unavailable', `Cannot reach the runtime: ${why}`);
}

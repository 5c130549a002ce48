import type { Readable, Writable } from 'node:stream';
import type { CommandProtocol } from './protocol.ts';
import { type CommandResult, resultText } from './status.ts';
import { type WindowSize, windowSizes } from './window-size.ts';

/** Which streams an exec or attach has. */
export interface CommandRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly terminal: boolean;
}

/** A client of an exec or attach, whatever protocol it came with. */
export interface CommandStreams {
  /** Ends when the client closes its stdin, where its protocol can say so. */
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly sizes: AsyncIterable<WindowSize>;
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal;
  /** After the last output: tells how it ended, and ends the connection. */
  readonly finish: (result: CommandResult) => Promise<void>;
}

/** The streams of a command as its protocol gave them. */
export interface CommandParts {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly error: Writable | undefined;
  readonly resize: Readable | undefined;
  readonly version: CommandProtocol['version'];
  /** What they all go through. */
  readonly connection: { readonly closed: Promise<void>; close(): Promise<void> };
}

export function commandStreamsOf(parts: CommandParts): CommandStreams {
  const { stdin, stdout, stderr, error, resize, version, connection } = parts;
  return {
    stdin,
    stdout,
    stderr,
    sizes: resize === undefined ? noSizes() : windowSizes(resize),
    gone: abortedBy(connection.closed),
    finish: async (result) => {
      await Promise.all([ended(stdout), ended(stderr)]);
      await ended(error, resultText(result, version));
      await connection.close();
    },
  };
}

async function* noSizes(): AsyncGenerator<WindowSize> {
  // A version that cannot tell the size.
}

/** Aborts when `closed` resolves. */
function abortedBy(closed: Promise<void>): AbortSignal {
  const controller = new AbortController();
  closed.then(() => controller.abort()).catch(() => undefined);
  return controller.signal;
}

/** Resolves when all that was written is on its way, or cannot be any more. */
export function ended(stream: Writable | undefined, last?: string): Promise<void> {
  if (stream === undefined || stream.destroyed || stream.writableFinished) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.once('finish', resolve);
    if (last === undefined) stream.end();
    else stream.end(last);
  });
}

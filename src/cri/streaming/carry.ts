import { finished } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { isDomainError, messageOf } from '../../base/error.ts';
import type { Session } from '../../container/container-engine.ts';
import type { CommandStreams } from '../../stream/command-streams.ts';

/** Where a client's exec or attach goes, and whether its end is the program's. */
export interface Carried {
  readonly session: Session;
  readonly streams: CommandStreams;
  readonly terminal: boolean;
  /** An exec is over when its program is; an attached client when nothing more comes out. */
  readonly untilExit: boolean;
}

/**
 * Carries a session between a program and a client until the program has ended, or until the client
 * is gone, with whom an exec ends. Each holds the other back: nothing is gathered in between.
 */
export async function carry(carried: Carried): Promise<void> {
  const { session, streams, untilExit } = carried;
  const close = (): void => void session.close().catch(() => undefined);
  streams.gone.addEventListener('abort', close, { once: true });
  if (streams.gone.aborted) close();
  try {
    carryInput(carried);
    followSize(carried).catch(() => undefined);
    await Promise.all([
      carryOutput(session.stdout, streams.stdout),
      session.stderr === undefined ? undefined : carryOutput(session.stderr, streams.stderr),
    ]);
    if (streams.gone.aborted) return;
    if (untilExit) await streams.finish({ kind: 'exited', exitCode: await session.exited });
    else await streams.finish({ kind: 'done' });
  } finally {
    streams.gone.removeEventListener('abort', close);
    await session.close();
  }
}

/** Tells a client why there is no session. */
export async function refuse(streams: CommandStreams, error: unknown): Promise<void> {
  await streams.finish({ kind: 'failed', message: messageOf(error) });
}

function carryInput({ session, streams, terminal }: Carried): void {
  const input = streams.stdin;
  const program = session.stdin as Writable | undefined;
  if (input === undefined) return;
  if (program === undefined) {
    input.resume();
    return;
  }
  // What nobody reads any more is dropped: kept, it would hold back the whole connection.
  program.once('close', () => input.resume());
  program.on('error', () => input.resume());
  // A terminal has no half to close: its end would be the end of the output too.
  input.pipe(program, { end: !terminal });
}

async function carryOutput(
  output: NodeJS.ReadableStream,
  client: Writable | undefined,
): Promise<void> {
  const over = finished(output as Readable, { writable: false }).catch(() => undefined);
  if (client === undefined) {
    output.resume();
    return over;
  }
  // The program goes on when its client wants no more of one stream.
  client.once('close', () => output.resume());
  output.pipe(client, { end: false });
  return over;
}

async function followSize({ session, streams }: Carried): Promise<void> {
  for await (const size of streams.sizes) {
    // It may have ended meanwhile.
    await session.resize(size).catch((error: unknown) => {
      if (isDomainError(error, 'unavailable')) throw error;
    });
  }
}

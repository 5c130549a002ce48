import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isDomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Session, TerminalSize } from '../../container/container-engine.ts';
import type { CommandStreams } from '../../stream/command-streams.ts';

/** Where a client's exec or attach goes, and whether its end is the program's. */
export interface Carried {
  readonly streams: CommandStreams;
  readonly terminal: boolean;
  /** An exec is over when its program is; an attached client when nothing more comes out. */
  readonly untilExit: boolean;
  readonly start: (size?: TerminalSize) => Promise<Session>;
}

/**
 * Starts a session and carries it between program and client until the program has ended, or until
 * the client is gone, with whom an exec ends. Each holds the other back: nothing is gathered in
 * between.
 */
export async function carry(carried: Carried): Promise<void> {
  const { streams, terminal, start } = carried;
  const sizes = streams.sizes[Symbol.asyncIterator]();
  const first = terminal ? sizes.next() : undefined;
  let session: Session;
  try {
    session = await start(await soon(first));
  } catch (error) {
    return streams.finish({ kind: 'failed', message: messageOf(error) });
  }
  const close = (): void => void session.close().catch(() => undefined);
  streams.gone.addEventListener('abort', close, { once: true });
  if (streams.gone.aborted) close();
  try {
    if (first !== undefined) followSize(session, sizes, first).catch(() => undefined);
    await carryStreams(session, carried);
  } finally {
    streams.gone.removeEventListener('abort', close);
    await session.close();
  }
}

const tooSlow = 'Detached: the client did not read; the log has what it missed';

/** A program should find its terminal as large as it is; but few clients do not tell the size. */
async function soon(
  first: Promise<IteratorResult<TerminalSize>> | undefined,
): Promise<TerminalSize | undefined> {
  if (first === undefined) return undefined;
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), limits.streamSizeMs);
  const size = await Promise.race([first, late]);
  clearTimeout(timer);
  return size?.done === true ? undefined : size?.value;
}

async function followSize(
  session: Session,
  sizes: AsyncIterator<TerminalSize>,
  first: Promise<IteratorResult<TerminalSize>>,
): Promise<void> {
  for (let next = await first; next.done !== true; next = await sizes.next()) {
    // It may have ended meanwhile.
    await session.resize(next.value).catch((error: unknown) => {
      if (isDomainError(error, 'unavailable')) throw error;
    });
  }
}

async function carryStreams(
  session: Session,
  { streams, terminal, untilExit }: Carried,
): Promise<void> {
  carryInput(session, streams, terminal);
  await Promise.all([
    carryOutput(session.stdout, streams.stdout),
    session.stderr === undefined ? undefined : carryOutput(session.stderr, streams.stderr),
  ]);
  if (streams.gone.aborted) return;
  if (untilExit) return streams.finish({ kind: 'exited', exitCode: await session.exited });
  const slow = session.givenUp?.() === true;
  await streams.finish(slow ? { kind: 'failed', message: tooSlow } : { kind: 'done' });
}

function carryInput(session: Session, streams: CommandStreams, terminal: boolean): void {
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

import { DomainError } from '../../base/error.ts';
import { Wakeup } from '../../base/wakeup.ts';
import type { Session } from '../../container/container-engine.ts';
import type { SessionInput, SessionOutput } from '../generated/keelson.ts';
import type { Draft } from '../../grpc/message.ts';

const queuedBytes = 256 * 1024;

interface Flow {
  readonly session: Session;
  readonly inputs: AsyncIterator<SessionInput>;
  readonly signal: AbortSignal;
  /** What a signal from the client goes to. */
  readonly kill: (signal: string) => Promise<void>;
}

/**
 * Carries a session over a gRPC stream: what the client sends goes in, output comes out as it is
 * read, the exit code last. The client's pace holds the program back, not the runtime's memory.
 */
export async function* sessionOutput(flow: Flow): AsyncGenerator<Draft<SessionOutput>> {
  const { session } = flow;
  const output = new OutputQueue();
  const streams = [
    output.take(session.stdout, 'stdout'),
    ...(session.stderr === undefined ? [] : [output.take(session.stderr, 'stderr')]),
  ];
  const ended = Promise.allSettled(streams).then(() => output.close());
  // Ends with the call, which ends after this; what it could not deliver has nobody to be told.
  feed(flow).catch(() => undefined);
  const stop = (): void => output.close();
  flow.signal.addEventListener('abort', stop, { once: true });
  try {
    yield* output.read();
    if (flow.signal.aborted) return;
    await ended;
    if (session.givenUp?.() === true) {
      throw new DomainError('timeout', 'Detached: the client did not read; the log has it all');
    }
    yield { exit_code: await session.exited };
  } finally {
    flow.signal.removeEventListener('abort', stop);
    await session.close();
  }
}

async function feed({ session, inputs, kill }: Flow): Promise<void> {
  for (;;) {
    const { done, value } = await inputs.next();
    if (done === true) return;
    if (value.stdin !== undefined) await write(session, value.stdin);
    if (value.stdin_closed === true) session.stdin?.end();
    if (value.resize !== undefined) await session.resize(value.resize);
    if (value.signal !== undefined) await kill(value.signal);
  }
}

async function write({ stdin }: Session, bytes: Uint8Array): Promise<void> {
  if (stdin === undefined) return;
  if (!stdin.write(Buffer.from(bytes))) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdin.off('drain', done);
        stdin.off('close', done);
        stdin.off('error', done);
        resolve();
      };
      for (const event of ['drain', 'close', 'error']) stdin.once(event, done);
    });
  }
}

/** Joins streams into one sequence and pauses them while the reader is behind. */
class OutputQueue {
  readonly #queue: Draft<SessionOutput>[] = [];
  #bytes = 0;
  #closed = false;
  readonly #change = new Wakeup();
  readonly #wakeWriters = new Set<() => void>();

  async take(stream: NodeJS.ReadableStream, name: 'stdout' | 'stderr'): Promise<void> {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (this.#closed) return;
      this.#queue.push({ [name]: chunk });
      this.#bytes += chunk.length;
      this.#change.wake();
      if (this.#bytes > queuedBytes) {
        await new Promise<void>((resolve) => this.#wakeWriters.add(resolve));
      }
    }
  }

  async *read(): AsyncGenerator<Draft<SessionOutput>> {
    for (;;) {
      const item = this.#queue.shift();
      if (item !== undefined) {
        this.#bytes -= (item.stdout ?? item.stderr)?.length ?? 0;
        this.#releaseWriters();
        yield item;
      } else if (this.#closed) {
        return;
      } else {
        await this.#change.wait();
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#change.wake();
    this.#releaseWriters();
  }

  #releaseWriters(): void {
    if (!this.#closed && this.#bytes > queuedBytes / 2) return;
    for (const wake of this.#wakeWriters) wake();
    this.#wakeWriters.clear();
  }
}

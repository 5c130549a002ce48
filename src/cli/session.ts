import { constants } from 'node:os';
import { DomainError } from '../base/error.ts';
import { Wakeup } from '../base/wakeup.ts';
import type { SessionInput, SessionOutput } from '../cri/generated/keelson.ts';
import type { Draft, Method } from '../grpc/message.ts';
import type { Cli } from './cli.ts';
import { DetachKeys, parseDetachKeys, RawTerminal, terminalSize } from './terminal.ts';

export interface SessionRequest {
  readonly method: Method<'both', SessionInput, SessionOutput>;
  readonly first: Draft<SessionInput>;
  readonly stdin: boolean;
  readonly terminal: boolean;
  readonly detachKeys: string;
  /** Signals that this process gets go to the program. */
  readonly proxySignals: boolean;
  readonly onStart?: (id: string, warnings: readonly string[]) => Promise<void>;
  readonly onTrace?: (trace: NonNullable<SessionOutput['trace']>) => Promise<void>;
}

/** Signals that people and service managers send; the others are about this process itself. */
const proxied = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const),
  ...(['SIGCONT', 'SIGPWR', 'SIGXCPU', 'SIGTTIN', 'SIGTTOU'] as const),
].filter((signal) => signal in constants.signals);

/**
 * Runs a session between this process's stdio and a program in a container. Resolves with the exit
 * code, or undefined when the detach keys were pressed.
 */
export async function runSession(cli: Cli, request: SessionRequest): Promise<number | undefined> {
  const keys = parseDetachKeys(request.detachKeys);
  if (keys === undefined) {
    throw new DomainError('invalid', `Invalid detach keys "${request.detachKeys}"`);
  }
  if (request.terminal && request.stdin && !process.stdin.isTTY) {
    throw new DomainError('invalid', 'The input device is not a terminal; leave --tty out');
  }
  using wires = new DisposableStack();
  const input = new InputQueue(request.first);
  const detached = new AbortController();
  if (request.terminal && process.stdin.isTTY) wires.use(new RawTerminal());
  const outputs = cli.client.both(request.method, input.read(), { signal: detached.signal });
  const onStart = async (id: string, warnings: readonly string[]): Promise<void> => {
    await request.onStart?.(id, warnings);
    wires.use(wireInput({ input, request, keys, detached }));
    if (request.terminal) wires.use(wireResize(input));
    if (request.proxySignals) wires.use(wireSignals(input));
  };
  try {
    return await showOutputs(cli, outputs, { ...request, onStart });
  } catch (error) {
    if (detached.signal.aborted) return undefined;
    throw error;
  } finally {
    input.close();
  }
}

async function showOutputs(
  cli: Cli,
  outputs: AsyncIterable<SessionOutput>,
  { onStart, onTrace }: Pick<SessionRequest, 'onStart' | 'onTrace'>,
): Promise<number> {
  for await (const output of outputs) {
    if (output.stdout !== undefined) await cli.print(output.stdout);
    if (output.stderr !== undefined) await cli.printError(output.stderr);
    if (output.started !== undefined) await onStart?.(output.started.id, output.started.warnings);
    if (output.trace !== undefined) await onTrace?.(output.trace);
    if (output.failure !== undefined) {
      await cli.printError(`keelson: ${output.failure.message}\n`);
      return output.failure.exit_code;
    }
    if (output.exit_code !== undefined) return output.exit_code;
  }
  throw new DomainError('unavailable', 'The runtime went away; the container goes on');
}

interface Wires {
  readonly input: InputQueue;
  readonly request: SessionRequest;
  readonly keys: Buffer;
  readonly detached: AbortController;
}

/** Standard input to the program, paused while the runtime is behind. */
function wireInput({ input, request, keys, detached }: Wires): Disposable {
  if (!request.stdin) return { [Symbol.dispose]: () => undefined };
  const watch = new DetachKeys(keys);
  const onData = (bytes: Buffer): void => {
    const { pass, detach } = request.terminal ? watch.take(bytes) : { pass: bytes, detach: false };
    if (pass.length > 0) input.push({ stdin: pass });
    if (detach) detached.abort();
    if (input.behind) {
      process.stdin.pause();
      input.onCaughtUp(() => process.stdin.resume());
    }
  };
  const onEnd = (): void => input.push({ stdin_closed: true });
  process.stdin.on('data', onData);
  process.stdin.once('end', onEnd);
  return {
    [Symbol.dispose]: () => {
      process.stdin.off('data', onData);
      process.stdin.off('end', onEnd);
      // An open standard input would keep this process from ending. It is not destroyed, because
      // its terminal mode is still to be given back.
      process.stdin.pause();
      if ('unref' in process.stdin) process.stdin.unref();
    },
  };
}

function wireResize(input: InputQueue): Disposable {
  const resize = (): void => {
    const size = terminalSize();
    if (size !== undefined) input.push({ resize: size });
  };
  resize();
  process.stdout.on('resize', resize);
  return { [Symbol.dispose]: () => process.stdout.off('resize', resize) };
}

function wireSignals(input: InputQueue): Disposable {
  const forward = (signal: NodeJS.Signals): void => input.push({ signal });
  for (const signal of proxied) process.on(signal, forward);
  return {
    [Symbol.dispose]: () => {
      for (const signal of proxied) process.off(signal, forward);
    },
  };
}

const queuedBytes = 256 * 1024;

/** What is still to be sent, in order. */
class InputQueue {
  readonly #queue: Draft<SessionInput>[];
  readonly #change = new Wakeup();
  #bytes = 0;
  #closed = false;
  #caughtUp: (() => void) | undefined;

  constructor(first: Draft<SessionInput>) {
    this.#queue = [first];
  }

  get behind(): boolean {
    return this.#bytes > queuedBytes;
  }

  onCaughtUp(listener: () => void): void {
    this.#caughtUp = listener;
  }

  push(item: Draft<SessionInput>): void {
    this.#queue.push(item);
    this.#bytes += item.stdin?.length ?? 0;
    this.#change.wake();
  }

  close(): void {
    this.#closed = true;
    this.#change.wake();
  }

  async *read(): AsyncGenerator<Draft<SessionInput>> {
    while (!this.#closed) {
      const item = this.#queue.shift();
      if (item === undefined) {
        await this.#change.wait();
        continue;
      }
      this.#bytes -= item.stdin?.length ?? 0;
      if (!this.behind) {
        this.#caughtUp?.();
        this.#caughtUp = undefined;
      }
      yield item;
    }
  }
}

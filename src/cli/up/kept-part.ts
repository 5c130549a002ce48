import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { openProcess, processEnd, signalProcess } from '../../kernel/pidfd.ts';
import { NotifySocket } from './notify-socket.ts';
import { commandOf, holderOf, type Part } from './part.ts';

const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** Who ran for so long is started again at once. */
const goodRunMs = 10_000;
/** A part answers what it has begun, and ends. */
const graceMs = 15_000;

/**
 * A part that runs from `start` to `stop`, however often it is killed. One that runs already is
 * taken as it is, and replaced when it ends.
 */
export class KeptPart {
  readonly part: Part;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  /** Who let it go does not wait for its end, and may end himself. */
  readonly #released = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #work: Promise<void> | undefined;
  /** Ends whatever is the part now. */
  #end: ((signal: NodeJS.Signals) => void) | undefined;

  /** `folder` is for the sockets on which parts say that they are ready. */
  constructor(part: Part, { folder, log }: { readonly folder: string; readonly log: Logger }) {
    this.part = part;
    this.#folder = folder;
    this.#log = log.child({ part: part.name });
  }

  /** Resolves when it is ready for the first time. Starting twice is starting once. */
  start(): Promise<void> {
    this.#work ??= this.#keep();
    return this.#ready.promise;
  }

  /** Lets it go: it runs on without anybody who starts it again. */
  release(): void {
    this.#stop.abort();
    this.#released.abort();
  }

  /** Resolves when it has ended: by SIGTERM, or by SIGKILL when that does not help. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const end = this.#end;
    if (this.#work === undefined || end === undefined) return;
    end('SIGTERM');
    const late = setTimeout(() => end('SIGKILL'), graceMs);
    await this.#work;
    clearTimeout(late);
  }

  /** Never rejects. */
  async #keep(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.#stop.signal.aborted) {
      const begin = performance.now();
      try {
        await this.#run();
      } catch (error) {
        if (this.#released.signal.aborted) return;
        this.#log.error(`${this.part.name}: ${messageOf(error)}`);
      }
      this.#end = undefined;
      if (this.#stop.signal.aborted) return;
      const ranMs = performance.now() - begin;
      pauseMs = ranMs > goodRunMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      await sleep(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** One life of it. */
  async #run(): Promise<void> {
    const pid = holderOf(this.part.lockPath);
    if (pid === undefined) return await this.#runChild();
    this.#log.info({ process: pid }, 'runs already');
    using process = openProcess(pid);
    this.#end = (signal) => void signalProcess(process.fd, signal);
    this.#ready.resolve();
    await processEnd(process.fd, { signal: this.#released.signal });
    this.#log.warn({ process: pid }, 'has ended');
  }

  async #runChild(): Promise<void> {
    using socket = new NotifySocket(this.#folder, `notify-${this.part.name}.sock`, (assignment) => {
      if (assignment === 'READY=1') this.#ready.resolve();
    });
    const child = this.#spawn(socket.path);
    this.#end = (signal) => void child.kill(signal);
    const { signal: released } = this.#released;
    released.addEventListener('abort', () => child.unref());
    const ended = await once(child, 'exit', { signal: released });
    const [code, signal] = ended as [number | null, string | null];
    if (this.#stop.signal.aborted) return;
    this.#log.warn({ process: child.pid, code, signal }, 'has ended; it is started again');
  }

  /** In a session of its own: what ends the supervisor, or its terminal, does not end the node. */
  #spawn(notifySocket: string): ChildProcess {
    const [program = '', ...args] = commandOf(this.part.name, this.part.flags);
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      NOTIFY_SOCKET: notifySocket,
      // Memory that idle threads keep for themselves is not the node's.
      MALLOC_ARENA_MAX: process.env['MALLOC_ARENA_MAX'] ?? '1',
    };
    delete environment['WATCHDOG_USEC'];
    return spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment,
    });
  }
}

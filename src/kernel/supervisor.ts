import { constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { DomainError, KernelError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { currentRequest } from '../base/request.ts';
import { inSpan } from '../base/trace.ts';
import { addon } from './addon.ts';
import { errorCode } from './errno.ts';
import type { Launch, Launched } from './launch.ts';
import { readMarks, type Mark } from './mark.ts';
import { encodeRecords, decodeRecord, type FieldValue } from './record.ts';
import { MessageSocket, type Message } from './socket.ts';
import {
  readExit,
  readProcess,
  type ProcessExit,
  type SupervisedProcess,
} from './supervised-process.ts';

export interface SupervisorListener {
  onExit(exit: ProcessExit): void;
  /** Of a plan with `trace`: before the answer to launch, goOn or start. */
  onMarks?(container: string, marks: readonly Mark[]): void;
  /** An attached client took nothing for too long: its output ends before the program's. */
  onDetached?(attachment: number): void;
  /** The connection is gone; every open request has been refused. */
  onEnd(): void;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
  readonly timer: NodeJS.Timeout;
}

interface Request {
  readonly fds?: readonly number[];
  readonly timeoutMs?: number;
  /** It has succeeded, but after the time. */
  readonly late?: () => void;
}

/** What has to be made first, or hooks have to do. */
const slow = { timeoutMs: limits.shimWorkMs } as const;

const ignore = (): void => undefined;

interface Answer {
  readonly fields: readonly Buffer[];
  readonly fds: readonly number[];
}

/** The runtime's side of a spawner or shim (native/shim/request.cc). */
export class Supervisor {
  readonly #socket: MessageSocket;
  readonly #waiting = new Map<number, Waiting>();
  /** What to do with answers for which nobody waits any more. */
  readonly #late = new Map<number, () => void>();
  readonly #listener: SupervisorListener;
  #lastId = 0;
  #silent = false;
  #holds = 0;

  /** Takes over a connected socket. */
  constructor(fd: number, listener: SupervisorListener) {
    this.#listener = listener;
    this.#socket = new MessageSocket(fd, {
      onMessage: (message) => this.#onMessage(message),
      onEnd: () => this.#onEnd(),
    });
    this.#socket.setReference(false);
  }

  /** Connects to the shim that listens in a folder. */
  static connect(folder: string, listener: SupervisorListener): Supervisor {
    return new Supervisor(addon.socketConnect(folder, 'shim.sock'), listener);
  }

  /** Resolves when the plan is held or waits, or has executed its program. */
  async launch(launch: Launch): Promise<Launched> {
    const { plan } = launch;
    const inline = plan.length <= limits.shimMessageBytes;
    const file = inline ? undefined : writePlan(plan);
    try {
      const fields = [
        launch.container,
        launch.name,
        launch.cloneFlags,
        launch.cgroup,
        launch.folder,
        launch.log,
        launch.stdio,
        launch.input,
        launch.terminal,
        launch.relay === 'late' ? 2 : launch.relay,
        launch.join,
        inline ? plan : '',
        launch.group ?? false,
      ];
      const fds = file === undefined ? launch.fds : [file, ...launch.fds];
      // Whoever gave it up does not know it: it is ended when it is there after all.
      const late = (): void => void this.signal(launch.container, launch.name, 9).catch(ignore);
      const answer = await this.#request('launch', fields, { ...slow, fds, late });
      return { pid: Number(answer.fields[0]), fds: answer.fds };
    } finally {
      if (file !== undefined) addon.close(file);
    }
  }

  /** Lets a held stage go on; resolves when it is created. */
  async goOn(container: string): Promise<void> {
    await this.#request('go-on', [container], slow);
  }

  /** Lets a created container go on; resolves when its program is executed, with its pid. */
  async start(container: string): Promise<number> {
    const { fields } = await this.#request('start', [container], slow);
    return Number(fields[0]);
  }

  async signal(container: string, name: string, signal: number): Promise<void> {
    await this.#request('signal', [container, name, signal]);
  }

  /** The process's pidfd, which is now the caller's. */
  async pidfd(container: string, name: string): Promise<number> {
    const { fds } = await this.#request('pidfd', [container, name]);
    return fds[0] ?? -1;
  }

  async resize(of: { container: string; name: string }, rows: number, columns: number) {
    await this.#request('resize', [of.container, of.name, rows, columns]);
  }

  /**
   * The reading ends of stdout and stderr (or terminal), then stdin's where it is open; and a
   * number by which `onDetached` names the client. It may take nothing for `patienceMs`.
   */
  async attach(
    container: string,
    patienceMs: number,
  ): Promise<{ readonly fds: readonly number[]; readonly attachment: number }> {
    const { fds, fields } = await this.#request('attach', [container, patienceMs]);
    return { fds, attachment: Number(fields[0] ?? 0) };
  }

  async closeInput(container: string, name: string): Promise<void> {
    await this.#request('close-input', [container, name]);
  }

  async reopenLog(container: string): Promise<void> {
    await this.#request('reopen-log', [container]);
  }

  /** Drops what the supervisor knows of an ended program. */
  async forget(container: string, name: string): Promise<void> {
    await this.#request('forget', [container, name]);
  }

  async state(): Promise<{ pid: number; processes: SupervisedProcess[] }> {
    const processes: SupervisedProcess[] = [];
    let pid = 0;
    let from = 0;
    do {
      const { fields } = await this.#request('state', [from]);
      pid = Number(fields[0]);
      from = Number(fields[1]);
      for (let i = 2; i + 7 <= fields.length; i += 7) processes.push(readProcess(fields, i));
    } while (from !== 0);
    return { pid, processes };
  }

  /** Starts a shim that listens in a folder and outlives this process. */
  async startShim(folder: string, pod: string): Promise<void> {
    await this.#request('start-shim', [folder, pod]);
  }

  /** Ends a shim that has nothing left to supervise; fails with EBUSY otherwise. */
  async shutdown(): Promise<void> {
    await this.#request('shutdown', []);
  }

  /** Keeps this process alive until as many releases: somebody waits for an exit. */
  hold(): void {
    if (++this.#holds === 1) this.#socket.setReference(true);
  }

  release(): void {
    if (--this.#holds === 0) this.#socket.setReference(false);
  }

  close(): void {
    this.#socket.close();
    this.#refuseAll();
  }

  #request(verb: string, fields: readonly FieldValue[], how: Request = {}): Promise<Answer> {
    return inSpan(`shim ${verb}`, {}, () => this.#ask(verb, fields, how));
  }

  #ask(verb: string, fields: readonly FieldValue[], how: Request): Promise<Answer> {
    const { fds = [], late = ignore } = how;
    const patienceMs = how.timeoutMs ?? limits.shimAnswerMs;
    const timeoutMs = this.#silent ? Math.min(patienceMs, limits.shimSilentMs) : patienceMs;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const text = `The supervising process has not answered "${verb}" in ${timeoutMs} ms`;
        this.#settle(id)?.reject(new DomainError('timeout', text));
        this.#late.set(id, late);
        this.#silent = true;
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.hold();
      try {
        this.#socket.send(encodeRecords([[id, verb, ...fields, ...origin()]]), fds);
      } catch (error) {
        this.#settle(id)?.reject(error);
      }
    });
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    clearTimeout(waiting?.timer);
    if (this.#waiting.delete(id)) this.release();
    return waiting;
  }

  #onMessage({ data, fds }: Message): void {
    this.#silent = false;
    const [id, word, ...fields] = decodeRecord(data);
    if (Number(id) === 0 && word?.toString() === 'marks') {
      return this.#listener.onMarks?.(String(fields[0]), readMarks(fields.slice(2)));
    }
    if (Number(id) === 0 && word?.toString() === 'detached') {
      return this.#listener.onDetached?.(Number(fields[0]));
    }
    if (Number(id) === 0) return this.#listener.onExit(readExit(fields));
    const waiting = this.#settle(Number(id));
    if (waiting === undefined) this.#onLate(Number(id), word?.toString() === 'ok', fds);
    else if (word?.toString() === 'ok') waiting.resolve({ fields, fds });
    else waiting.reject(readFailure(fields));
  }

  #onLate(id: number, succeeded: boolean, fds: readonly number[]): void {
    for (const fd of fds) addon.close(fd);
    const late = this.#late.get(id);
    this.#late.delete(id);
    if (succeeded) late?.();
  }

  #onEnd(): void {
    this.#refuseAll();
    this.#listener.onEnd();
  }

  #refuseAll(): void {
    this.#late.clear();
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new DomainError('unavailable', 'The supervising process is gone'));
    }
    this.#waiting.clear();
  }
}

/** On whose behalf, for the shim's log; last, where a shim that does not know it looks not. */
function origin(): readonly string[] {
  const request = currentRequest();
  return request === undefined ? [] : [`request=${request.id}`];
}

/** A plan as a file without a name, which the kernel frees with its last descriptor. */
export function writePlan(plan: Buffer): number {
  if (plan.length > limits.planBytes) {
    throw new DomainError('invalid', `A plan of ${plan.length} bytes is too large`);
  }
  const O_TMPFILE = 0o20200000;
  const fd = openSync(tmpdir(), O_TMPFILE | constants.O_RDWR, 0o600);
  ftruncateSync(fd, 0);
  for (let at = 0; at < plan.length;) at += writeSync(fd, plan, at);
  return fd;
}

/** `CALL ERRNO PATH INDEX TEXT`: what a stage could not do. */
export function readFailure(fields: readonly Buffer[]): KernelError {
  const [call, errno, path, , text] = fields.map(String);
  const number = Number(errno);
  return new KernelError({
    call: call ?? 'request',
    errno: number,
    code: errorCode(number),
    ...(path === undefined || path === '' ? {} : { path }),
    ...(text === undefined || text === '' ? {} : { text }),
  });
}

import { DomainError, isKernelError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { closeDescriptor } from '../kernel/descriptor.ts';
import { encodePlan, type Operation } from '../kernel/operation.ts';
import { decodeRecord, encodeRecords, type FieldValue } from '../kernel/record.ts';
import { MessageSocket, type Message } from '../kernel/socket.ts';
import { readFailure, writePlan } from '../kernel/supervisor.ts';
import { readRequest, type OciRequest } from './request.ts';

/** What the client shall start, as its own child. */
export interface Order {
  readonly operations: readonly Operation[];
  /** CLONE_NEW* of the first process. */
  readonly cloneFlags: number;
  /** A cgroup's folder to be born in. */
  readonly cgroup: string;
  readonly relay: boolean;
  /** The first descriptor is a pidfd whose PID namespace is entered. */
  readonly join: boolean;
  /** How many of the client's descriptors from 3 on become slots, after the given ones. */
  readonly preserved: number;
  /** Where a terminal's master is sent; '' for the client itself. */
  readonly console: string;
  /** Where a pidfd of the process is sent; '' for nowhere. */
  readonly pidfdSocket: string;
  /** The client becomes the parent of what the container's processes leave behind. */
  readonly adopt: boolean;
  /** The first slots. They stay the caller's. */
  readonly fds: readonly number[];
}

export interface Started {
  readonly pid: number;
  /** Namespaces and mounts are made; hooks come before `goOn`. */
  readonly held: boolean;
}

/** The native client at the other end: it does what only the caller's child can do. */
export class OciClient {
  readonly request: Promise<OciRequest>;
  readonly #socket: MessageSocket;
  /** Resolves when the client is gone. */
  readonly ended: Promise<void>;
  readonly #end: () => void;
  readonly #received = Promise.withResolvers<OciRequest>();
  #waiting: PromiseWithResolvers<Started> | undefined;
  #input: PromiseWithResolvers<string> | undefined;
  #gone = false;

  /**
   * Takes over a connected socket; the client sends its request when it hears that it is welcome,
   * and goes elsewhere when it hears nothing.
   */
  constructor(fd: number, isWelcome: (peer: { uid: number }) => boolean = () => true) {
    this.request = this.#received.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
    this.#socket = new MessageSocket(fd, {
      onMessage: (message) => this.#onMessage(message),
      onEnd: () => this.#onEnd(),
    });
    this.#received.promise.catch(() => undefined);
    if (isWelcome(this.#socket.peer())) this.#send(['ready']);
    else this.close();
  }

  /** On the client's stdout, or its stderr. */
  write(text: string, fd: 1 | 2 = 1): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += limits.shimMessageBytes) {
      this.#send(['write', fd, bytes.subarray(at, at + limits.shimMessageBytes)]);
    }
  }

  /** Resolves when the plan is held, waits, or has executed its program. Throws KernelError. */
  async launch(order: Order): Promise<Started> {
    const plan = encodePlan(order.operations);
    const inline = plan.length <= limits.shimMessageBytes;
    const file = inline ? undefined : writePlan(plan);
    try {
      const { cloneFlags, cgroup, relay, join, preserved, console, pidfdSocket, adopt } = order;
      const places = [console, pidfdSocket];
      const fields = [cloneFlags, cgroup, relay, join, preserved, ...places, adopt];
      const fds = file === undefined ? order.fds : [file, ...order.fds];
      return await this.#ask(['launch', ...fields, inline ? plan : ''], fds);
    } finally {
      if (file !== undefined) closeDescriptor(file);
    }
  }

  /** The hooks are done; resolves as `launch` does. */
  async goOn(): Promise<Started> {
    return await this.#ask(['go-on'], []);
  }

  /** All that comes on the client's stdin, up to the end. */
  async input(): Promise<string> {
    this.#input = Promise.withResolvers<string>();
    this.#send(['input']);
    return await this.#input.promise;
  }

  /** The client stays for its program's life, then asks for the cleanup, and exits as it did. */
  foreground(cleanup: readonly string[]): void {
    this.#send(['foreground', ...cleanup]);
  }

  exit(code: number): void {
    this.#send(['exit', code]);
  }

  /** This planner does not live where the client does. */
  elsewhere(): void {
    this.#send(['elsewhere']);
  }

  get gone(): boolean {
    return this.#gone;
  }

  close(): void {
    this.#socket.close();
    if (!this.#gone) this.#onEnd();
  }

  #ask(fields: readonly FieldValue[], fds: readonly number[]): Promise<Started> {
    if (this.#gone) throw clientGone();
    this.#waiting = Promise.withResolvers<Started>();
    this.#socket.send(encodeRecords([fields]), fds);
    return this.#waiting.promise;
  }

  #send(fields: readonly FieldValue[]): void {
    if (this.#gone) return;
    try {
      this.#socket.send(encodeRecords([fields]));
    } catch (error) {
      // It has gone while nobody looked; that must be no one's end but its own.
      if (!isKernelError(error, 'EPIPE', 'ECONNRESET')) throw error;
      this.close();
    }
  }

  #onMessage(message: Message): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    try {
      if (this.#input !== undefined) return this.#input.resolve(readInput(message));
      if (waiting === undefined) return this.#received.resolve(readRequest(message));
      message.fds.forEach((fd) => closeDescriptor(fd));
      const [word, ...fields] = decodeRecord(message.data);
      if (String(word) === 'failed') waiting.reject(readFailure(fields));
      else waiting.resolve({ pid: Number(fields[0]), held: String(word) === 'held' });
    } catch (error) {
      (waiting ?? this.#input ?? this.#received).reject(error);
    }
  }

  #onEnd(): void {
    this.#gone = true;
    this.#end();
    (this.#waiting ?? this.#input ?? this.#received).reject(clientGone());
  }
}

/** `input BYTES`, or `input-too-long`. */
function readInput({ data, fds }: Message): string {
  fds.forEach((fd) => closeDescriptor(fd));
  const [word, bytes] = decodeRecord(data);
  if (String(word) === 'input' && bytes !== undefined) return bytes.toString();
  throw new DomainError('invalid', 'stdin has more than 64 KiB');
}

function clientGone(): DomainError {
  return new DomainError('unavailable', 'The client is gone');
}

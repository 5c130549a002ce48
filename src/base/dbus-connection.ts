import { connect, type Socket } from 'node:net';
import { DomainError } from './error.ts';
import { limits } from './limits.ts';
import {
  decodeMessage,
  encodeCall,
  messageLength,
  textOf,
  type DbusCall,
  type DbusMessage,
  type DbusValue,
} from './dbus-message.ts';

/** The variable is D-Bus' own; of its kinds of addresses only a socket's path is meant here. */
export function systemBusPath(): string {
  const address = process.env['DBUS_SYSTEM_BUS_ADDRESS'] ?? '';
  return /^unix:path=([^,;]+)/.exec(address)?.[1] ?? '/run/dbus/system_bus_socket';
}

type Listener = (message: DbusMessage) => void;

/**
 * A connection to a message bus, or, with `direct`, to one program such as systemd itself
 * (/run/systemd/private). Only what a caller needs: method calls and signals, no descriptors.
 */
export class DbusConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly DbusValue[]>>();
  readonly #listeners = new Set<Listener>();
  #received = Buffer.alloc(0);
  #serial = 0;
  #ended: unknown;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Throws DomainError `unavailable` where nobody answers at the path. */
  static async open(path: string, options: { direct?: boolean } = {}): Promise<DbusConnection> {
    const socket = connect(path);
    socket.setTimeout(limits.dbusAnswerMs);
    try {
      const rest = await authenticate(socket);
      socket.setTimeout(0);
      const connection = new DbusConnection(socket);
      connection.#listen(rest);
      if (options.direct !== true) await connection.call({ ...bus, member: 'Hello' });
      return connection;
    } catch (cause) {
      socket.destroy();
      throw new DomainError('unavailable', `No D-Bus at ${path}`, { cause });
    }
  }

  /** The answer's values. DomainError `conflict` with the other side's words where it refuses. */
  async call(call: DbusCall): Promise<readonly DbusValue[]> {
    if (this.#ended !== undefined) throw this.#gone();
    const serial = ++this.#serial;
    const waiting = Promise.withResolvers<readonly DbusValue[]>();
    this.#waiting.set(serial, waiting);
    this.#socket.write(encodeCall(serial, call));
    const late = (): void => {
      this.#waiting.delete(serial);
      waiting.reject(new DomainError('timeout', `D-Bus call ${call.member} is not answered`));
    };
    const timer = setTimeout(late, limits.dbusAnswerMs);
    this.#socket.ref();
    try {
      return await waiting.promise;
    } finally {
      clearTimeout(timer);
      // An idle connection keeps no process.
      if (this.#waiting.size === 0) this.#socket.unref();
    }
  }

  /** Calls for each signal until the answered function is called; on a bus after `addMatch`. */
  onSignal(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks the bus for signals (`dbus-monitor RULE`). */
  async addMatch(rule: string): Promise<void> {
    await this.call({ ...bus, member: 'AddMatch', signature: 's', body: [rule] });
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  #listen(rest: Buffer): void {
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('closed')));
    if (rest.length > 0) this.#take(rest);
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    try {
      for (let length = messageLength(this.#received); length !== undefined;) {
        if (this.#received.length < length) return;
        this.#handle(decodeMessage(this.#received.subarray(0, length)));
        this.#received = this.#received.subarray(length);
        length = messageLength(this.#received);
      }
    } catch (error) {
      this.#socket.destroy();
      this.#end(error);
    }
  }

  #handle(message: DbusMessage): void {
    if (message.type === 'signal') this.#listeners.forEach((listener) => listener(message));
    const waiting = this.#waiting.get(message.replySerial);
    if (waiting === undefined) return;
    this.#waiting.delete(message.replySerial);
    if (message.type === 'return') waiting.resolve(message.body);
    else waiting.reject(new DbusError(message));
  }

  #end(error: unknown): void {
    this.#ended ??= error;
    this.#waiting.forEach((waiting) => waiting.reject(this.#gone()));
    this.#waiting.clear();
  }

  #gone(): DomainError {
    return new DomainError('unavailable', 'The D-Bus connection is gone', { cause: this.#ended });
  }
}

/** The other side's refusal: `name` as org.freedesktop.systemd1.UnitExists. */
export class DbusError extends DomainError {
  readonly errorName: string;

  constructor({ errorName, body }: DbusMessage) {
    super('conflict', `${errorName}: ${textOf(body[0])}`);
    this.errorName = errorName;
  }
}

const bus = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

/** SASL EXTERNAL: the kernel tells the bus who we are. What follows the last line is D-Bus. */
function authenticate(socket: Socket): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const uid = Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex');
  let received = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf('\r\n');
    if (end < 0 && received.length < 4096) return;
    socket.off('data', onData);
    const line = received.toString('latin1', 0, Math.max(end, 0));
    if (!line.startsWith('OK ')) return reject(new Error(`Refused: ${line.slice(0, 100)}`));
    socket.write('BEGIN\r\n');
    resolve(received.subarray(end + 2));
  };
  socket.on('data', onData);
  socket.once('error', reject);
  socket.once('timeout', () => reject(new Error('No answer')));
  socket.once('close', () => reject(new Error('Closed')));
  socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
  return promise;
}

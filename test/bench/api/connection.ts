import type { TLSSocket } from 'node:tls';

/** A client of HTTP/1.1 that costs next to nothing: one request after the other, lengths known. */
export class Connection {
  readonly #socket: TLSSocket;
  #waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;
  #parts: Buffer[] = [];
  #received = 0;
  #wanted = 0;
  #status = 0;
  #last: readonly Buffer[] = [];

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (part: Buffer) => this.#take(part));
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
    socket.on('error', () => undefined);
  }

  /** Answers with the status. */
  request(method: string, path: string, body = ''): Promise<number> {
    const head = `${method} ${path} HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n`;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (this.#socket.destroyed) reject(new Error('the connection was closed'));
    this.#waiting = { resolve, reject };
    this.#socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return promise;
  }

  /** The last answer, with its head. */
  get answer(): string {
    return Buffer.concat(this.#last).toString('utf8');
  }

  end(): void {
    this.#socket.end();
  }

  #take(part: Buffer): void {
    this.#parts.push(part);
    this.#received += part.length;
    if (this.#wanted === 0) this.#readHead();
    if (this.#wanted === 0 || this.#received < this.#wanted) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#last = this.#parts;
    this.#parts = [];
    this.#received = 0;
    this.#wanted = 0;
    waiting?.resolve(this.#status);
  }

  #readHead(): void {
    const text = Buffer.concat(this.#parts).toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end)) ?? [];
    this.#status = Number(text.slice(9, 12));
    this.#wanted = end + 4 + Number(length);
  }
}

import { connect as connectPlain, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';

export interface Credentials {
  readonly url: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** A connection over TLS, ready to be asked. */
export async function dial(to: Credentials, socket?: Duplex): Promise<TLSSocket> {
  const { hostname: host, port } = new URL(to.url);
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const secure = connect({
    ...(socket === undefined ? { host, port: Number(port) } : { socket }),
    ca: to.authority,
    cert: to.certificate,
    key: to.key,
  });
  if (socket === undefined) secure.setNoDelay(true);
  secure.once('secureConnect', () => resolve(secure)).once('error', reject);
  return await promise;
}

/** Reads what all readers drop: none of them looks at it. */
const dropped = Buffer.allocUnsafe(64 * 1024);

/**
 * A watcher whose bytes are taken from the kernel and counted, but no longer decrypted once the
 * answer has begun: to the server it is one like any other, and it leaves the core to those that
 * are measured.
 */
export class DrainedWatcher {
  /** Received since the answer began. */
  bytes = 0;
  readonly #raw: Socket;
  readonly #inner: Duplex;
  #drains = false;

  private constructor({ url }: Credentials) {
    const { hostname: host, port } = new URL(url);
    const callback = (count: number): boolean => {
      if (this.#drains) this.bytes += count;
      else this.#inner.push(Buffer.from(dropped.subarray(0, count)));
      return true;
    };
    this.#raw = connectPlain({
      host,
      port: Number(port),
      noDelay: true,
      onread: { buffer: dropped, callback },
    });
    this.#raw.on('error', () => undefined);
    this.#inner = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => void this.#raw.write(chunk, done),
    });
  }

  static async start(to: Credentials, path: string): Promise<DrainedWatcher> {
    const watcher = new DrainedWatcher(to);
    const secure = await dial(to, watcher.#inner);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    secure.once('data', (head: Buffer) => {
      const status = head.toString('latin1', 9, 12);
      if (status === '200') resolve();
      else reject(new Error(`status ${status}`));
    });
    secure.write(`GET ${path} HTTP/1.1\r\nHost: api\r\n\r\n`);
    await promise;
    watcher.#drains = true;
    return watcher;
  }

  end(): void {
    this.#raw.destroy();
  }
}

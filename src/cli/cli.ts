import { GrpcClient } from '../grpc/grpc-client.ts';

/** What commands have in common: the connection, and where output goes. */
export class Cli {
  readonly socketPath: string;
  #client: GrpcClient | undefined;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  get client(): GrpcClient {
    this.#client ??= new GrpcClient(this.socketPath);
    return this.#client;
  }

  /** Writes to stdout; resolves when it has been taken, so that a slow pipe holds the command. */
  async print(text: string | Uint8Array): Promise<void> {
    await write(process.stdout, text);
  }

  async printError(text: string | Uint8Array): Promise<void> {
    await write(process.stderr, text);
  }

  /** The command ends with this code unless it has one already. */
  fail(code: number): void {
    process.exitCode ??= code;
  }

  close(): void {
    this.#client?.close();
  }
}

function write(stream: NodeJS.WriteStream, bytes: string | Uint8Array): Promise<void> {
  if (bytes.length === 0 || stream.write(bytes)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('error', done);
      stream.off('close', done);
      resolve();
    };
    for (const event of ['drain', 'error', 'close']) stream.once(event, done);
  });
}

import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** A folder below the state folder's `tmp`, gone with everything in it at the end of its scope. */
export class TemporaryFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(rootFolder: string): Promise<TemporaryFolder> {
    await mkdir(`${rootFolder}/tmp`, { recursive: true, mode: 0o700 });
    return new TemporaryFolder(await mkdtemp(`${rootFolder}/tmp/transfer-`));
  }

  /** Writes the chunks to a file of it, at the disk's pace. */
  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
    const path = `${this.path}/${name}`;
    await pipeline(chunks, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A file's bytes in pieces that fit a message. */
export async function* chunksOf(path: string): AsyncGenerator<{ data: Buffer }> {
  const file = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(256 * 1024));
      if (bytesRead === 0) return;
      yield { data: buffer.subarray(0, bytesRead) };
    }
  } finally {
    await file.close();
  }
}

import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { readState, writeState } from '../base/state-file.ts';

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

  /**
   * Says what is being written elsewhere, so that it goes when this process is killed amid it:
   * paths that `clear` will remove, with all below them.
   */
  async promise(...paths: readonly string[]): Promise<void> {
    await writeState(`${this.path}/partial`, paths);
  }

  /** What a killed process has left; before any is made. */
  static async clear(rootFolder: string): Promise<void> {
    const folders = await readdir(`${rootFolder}/tmp`).catch(() => []);
    for (const name of folders) {
      const folder = `${rootFolder}/tmp/${name}`;
      const partial = await readState(`${folder}/partial`).catch(() => undefined);
      for (const path of Array.isArray(partial) ? partial : []) {
        await rm(String(path), { recursive: true, force: true });
      }
      await rm(folder, { recursive: true, force: true });
    }
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

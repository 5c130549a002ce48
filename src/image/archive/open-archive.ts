import { createReadStream, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { DomainError, hasCode } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { shortened } from '../digest.ts';
import { ArchiveIndex } from '../layer/archive-index.ts';
import { detectCompression } from '../layer/decompress.ts';
import type { Context } from '../operation/context.ts';
import { compressionOfFile } from '../store/blob-store.ts';
import { removeTree } from '../store/remove-tree.ts';

/** An archive that is open, and what was made to open it. */
export interface OpenArchive extends AsyncDisposable {
  readonly index: ArchiveIndex;
}

/**
 * Opens a tar archive for reading in any order. A compressed one, or one that comes through a pipe,
 * is written to the state folder first. Throws DomainError `notFound`, `invalid`.
 */
export async function openArchive(context: Context, path: string): Promise<OpenArchive> {
  const status = await statOf(path);
  if (status.isDirectory()) throw new DomainError('invalid', `"${shortened(path)}" is a folder`);
  if (status.isFile() && (await compressionOfFile(path)) === 'none') {
    const index = await ArchiveIndex.open(path);
    return { index, [Symbol.asyncDispose]: () => index[Symbol.asyncDispose]() };
  }
  const spooled = context.state.newPath('archive');
  try {
    await spool(path, spooled);
    const index = await ArchiveIndex.open(spooled);
    return {
      index,
      async [Symbol.asyncDispose]() {
        await index[Symbol.asyncDispose]();
        await removeTree(spooled);
      },
    };
  } catch (error) {
    await removeTree(spooled);
    throw error;
  }
}

/** The file's bytes, decompressed; DomainError `invalid` when they are damaged. */
export async function* readDecompressed(path: string): AsyncGenerator<Buffer> {
  let unpacked: Readable | undefined;
  const source = createReadStream(path, { highWaterMark: 256 * 1024 });
  // The first bytes are looked at in the stream, since a pipe cannot be read twice.
  const first = await new Promise<Buffer | null>((resolve, reject) => {
    source.once('error', reject);
    source.once('readable', () => resolve(source.read() as Buffer | null));
  });
  if (first === null) return;
  const compression = detectCompression(first);
  source.unshift(first);
  if (compression === 'gzip') unpacked = source.pipe(createGunzip());
  if (compression === 'zstd') unpacked = source.pipe(createZstdDecompress());
  source.once('error', (error) => unpacked?.destroy(error));
  try {
    for await (const chunk of unpacked ?? source) yield chunk as Buffer;
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new DomainError('invalid', `"${shortened(path)}" is damaged`, { cause: error });
  } finally {
    source.destroy();
  }
}

async function spool(path: string, target: string): Promise<void> {
  await using file = await open(target, 'wx', 0o600);
  let length = 0;
  for await (const chunk of readDecompressed(path)) {
    length += chunk.length;
    if (length > limits.archiveBytes) {
      throw new DomainError('invalid', `"${shortened(path)}" is larger than an archive may be`);
    }
    await file.writeFile(chunk);
  }
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new DomainError('notFound', `There is no file "${shortened(path)}"`);
  }
}

/** zlib's own codes: Z_DATA_ERROR, Z_BUF_ERROR, ZSTD_error_corruption_detected. */
function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(code);
}

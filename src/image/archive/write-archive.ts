import { createHash } from 'node:crypto';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { DomainError, hasCode } from '../../base/error.ts';
import { digestOfHash } from '../digest.ts';
import type { Digest } from '../image.ts';
import { formatTarHeader, tarEnd, tarPadding } from '../layer/tar-format.ts';

/** A tar archive being written, entry after entry. */
export interface ArchiveWriter {
  /** True once an entry of this name is there. */
  has(name: string): boolean;
  add(name: string, bytes: Buffer): Promise<void>;
  addStream(name: string, content: StreamedContent): Promise<void>;
}

export interface StreamedContent {
  readonly size: number;
  /** Of all the bytes; DomainError `invalid` when they are others. */
  readonly digest: Digest;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Writes an archive to a path. A file appears whole or not at all; to a pipe or a terminal's
 * descriptor (`/dev/stdout`, `/proc/self/fd/N`) the bytes go as they come.
 */
export async function writeArchive(
  path: string,
  write: (archive: ArchiveWriter) => Promise<void>,
): Promise<void> {
  const isFile = await isFileOrNew(path);
  const target = isFile ? `${path}.${process.pid}.new` : path;
  try {
    await using file = await open(target, isFile ? 'wx' : 'w', 0o600);
    await write(archiveIn(file));
    await file.writeFile(tarEnd);
    if (isFile) await file.datasync();
  } catch (error) {
    if (isFile) await rm(target, { force: true });
    throw error;
  }
  if (isFile) await rename(target, path);
}

async function isFileOrNew(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}

function archiveIn(file: FileHandle): ArchiveWriter {
  const names = new Set<string>();
  const begin = async (name: string, size: number): Promise<void> => {
    names.add(name);
    await file.writeFile(formatTarHeader({ name, size, type: 'file' }));
  };
  return {
    has: (name) => names.has(name),
    async add(name, bytes) {
      await begin(name, bytes.length);
      await file.writeFile(bytes);
      await file.writeFile(tarPadding(bytes.length));
    },
    async addStream(name, { size, digest, chunks }) {
      await begin(name, size);
      const hash = createHash('sha256');
      let written = 0;
      for await (const chunk of chunks) {
        hash.update(chunk);
        written += chunk.length;
        await file.writeFile(chunk);
      }
      if (written !== size || digestOfHash(hash) !== digest) {
        throw new DomainError('invalid', `Blob ${digest} is damaged: it has other bytes`);
      }
      await file.writeFile(tarPadding(size));
    },
  };
}

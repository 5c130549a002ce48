import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, hasCode } from '../../base/error.ts';
import { digestOf, hexOf, isDigest } from '../digest.ts';
import type { Digest } from '../image.ts';
import { detectCompression } from '../layer/decompress.ts';
import type { LayerCompression } from '../media-type.ts';
import type { StateFolder } from './state-folder.ts';

/** Documents and compressed layers, each in `blobs/DIGEST`, whole or not there. */
export interface BlobStore {
  has(digest: Digest): boolean;
  pathOf(digest: Digest): string;
  sizeOf(digest: Digest): Promise<number>;
  /** How a layer is compressed, by its first bytes. */
  compressionOf(digest: Digest): Promise<LayerCompression>;
  list(): Promise<readonly Digest[]>;
  /**
   * A document, verified again; DomainError `notFound`, `invalid` when it was damaged on the disk.
   */
  read(digest: Digest): Promise<Buffer>;
  put(bytes: Uint8Array): Promise<Digest>;
  stage(): Promise<StagedBlob>;
  remove(digest: Digest): Promise<void>;
}

/** A blob whose bytes are still coming. The caller hashes them. */
export interface StagedBlob {
  readonly path: string;
  write(chunk: Uint8Array): Promise<void>;
  commit(digest: Digest): Promise<void>;
  discard(): Promise<void>;
}

export function openBlobStore(state: StateFolder): BlobStore {
  const pathOf = (digest: Digest): string => join(state.blobs, hexOf(digest));
  const stage = async (): Promise<StagedBlob> => {
    const path = join(state.temporary, `blob-${randomBytes(8).toString('hex')}`);
    return stageBlob(await open(path, 'wx', 0o600), path, pathOf);
  };
  return {
    has: (digest) => existsSync(pathOf(digest)),
    pathOf,
    async sizeOf(digest) {
      return (await stat(pathOf(digest))).size;
    },
    compressionOf: (digest) => compressionOfFile(pathOf(digest)),
    async list() {
      const names = await readdir(state.blobs);
      return names.map((name) => `sha256:${name}`).filter((name) => isDigest(name));
    },
    read: (digest) => readVerified(pathOf(digest), digest),
    async put(bytes) {
      const digest = digestOf(bytes);
      const staged = await stage();
      try {
        await staged.write(bytes);
        await staged.commit(digest);
      } catch (error) {
        await staged.discard();
        throw error;
      }
      return digest;
    },
    stage,
    async remove(digest) {
      await rm(pathOf(digest), { force: true });
    },
  };
}

function stageBlob(file: FileHandle, path: string, pathOf: (digest: Digest) => string): StagedBlob {
  return {
    path,
    async write(chunk) {
      // One call may write less than it was given when the disk is nearly full.
      for (let done = 0; done < chunk.length;) {
        done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
      }
    },
    async commit(digest) {
      await file.close();
      await rename(path, pathOf(digest));
    },
    async discard() {
      await file.close().catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}

async function readVerified(path: string, digest: Digest): Promise<Buffer> {
  try {
    const bytes = await readFile(path);
    if (digestOf(bytes) === digest) return bytes;
    throw new DomainError('invalid', `Blob ${digest} is damaged on the disk`);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new DomainError('notFound', `Blob ${digest} is not kept`);
    throw error;
  }
}

/** How a file is compressed, by its first bytes. */
export async function compressionOfFile(path: string): Promise<LayerCompression> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
  return detectCompression(buffer.subarray(0, bytesRead));
}

import { createHash } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import { OpenFlag, currentFolder, openat2 } from '../../kernel/open.ts';
import { confineThread, releaseThread, type WayBack } from '../../kernel/confine.ts';
import type { Digest } from '../image.ts';
import { Decompressor } from './decompress.ts';
import { EntryBounds } from './entry-bounds.ts';
import type { UnpackOptions, UnpackResult } from './layer.ts';
import { TarReader } from './tar-reader.ts';
import { TreeWriter } from './tree-writer.ts';

/** Where a blob's bytes come from: passes some to `use`, false at the end. Blocks meanwhile. */
export type TakeBytes = (use: (bytes: Buffer) => void) => boolean;

export type UnpackTask = UnpackOptions & {
  readonly wayBack: Pick<WayBack, 'mountNamespace' | 'root'>;
};

/**
 * Unpacks one layer on the calling thread, which sees nothing but the layer's folder meanwhile. On
 * an error the folder holds a part of the layer; its maker removes it.
 */
export function unpackLayer(task: UnpackTask, take: TakeBytes): UnpackResult {
  confineThread(task.folder);
  try {
    using root = openat2(currentFolder, '/', { flags: OpenFlag.directory });
    const result = unpackInto(root.fd, task, take);
    checkDigest('blob', result.blobDigest, task.blobDigest);
    checkDigest('archive', result.diffId, task.diffId);
    return result;
  } finally {
    releaseThread(task.wayBack);
  }
}

function unpackInto(root: number, options: UnpackOptions, take: TakeBytes): UnpackResult {
  const { lowest = false, refuseDevices = false } = options;
  const bounds = new EntryBounds(options.limits);
  using tree = new TreeWriter({ root, bounds, lowest, refuseDevices });
  const tar = new TarReader(tree);
  const blob = createHash('sha256');
  const archive = createHash('sha256');
  let compressedBytes = 0;
  let archiveBytes = 0;
  const stream = new Decompressor(options.compression ?? 'auto', (bytes) => {
    archiveBytes += bytes.length;
    bounds.checkArchive(compressedBytes, archiveBytes);
    archive.update(bytes);
    tar.write(bytes);
  });
  const feed = (bytes: Buffer): void => {
    compressedBytes += bytes.length;
    blob.update(bytes);
    stream.write(bytes);
  };
  while (take(feed)) continue;
  stream.finish();
  tar.finish();
  tree.finish();
  const { compression } = stream;
  const blobDigest = toDigest(blob.digest('hex'));
  return {
    ...tree.result,
    blobDigest,
    diffId: compression === 'none' ? blobDigest : toDigest(archive.digest('hex')),
    compression: compression === 'auto' ? 'none' : compression,
    compressedBytes,
    archiveBytes,
    entries: bounds.entries,
  };
}

function toDigest(hex: string): Digest {
  return `sha256:${hex}`;
}

function checkDigest(what: string, actual: Digest, expected: Digest | undefined): void {
  if (expected === undefined || expected === actual) return;
  throw new DomainError('invalid', `The layer's ${what} has digest ${actual}, not ${expected}`);
}

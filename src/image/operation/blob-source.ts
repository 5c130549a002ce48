import { createReadStream } from 'node:fs';
import { DomainError } from '../../base/error.ts';
import type { PullOptions } from '../image-service.ts';
import type { Descriptor } from '../manifest.ts';
import { parseReference } from '../reference.ts';
import { blobChunks } from '../registry/download.ts';
import { openSession } from '../registry/session.ts';
import type { ImageRecord } from '../store/image-record.ts';
import type { Context } from './context.ts';

/**
 * A layer's bytes as they were pulled, from `offset` on: those that are kept or, with
 * `keepBlobs: false`, those of a registry that the image came from. The reader verifies them.
 * Throws DomainError `unavailable`.
 */
export function openLayerBlob(
  context: Context,
  { record, blob }: { readonly record: ImageRecord; readonly blob: Descriptor },
  { credentials, signal, offset = 0 }: PullOptions & { readonly offset?: number },
): AsyncIterable<Uint8Array> {
  if (context.blobs.has(blob.digest)) {
    const path = context.blobs.pathOf(blob.digest);
    return createReadStream(path, { start: offset, highWaterMark: 256 * 1024 });
  }
  const source = context.images.namesOf(record.id).find((name) => name.includes('@'));
  if (source === undefined) {
    throw new DomainError('unavailable', `Layer ${blob.digest} is not kept, nor in any registry`);
  }
  const session = openSession({
    transport: context.transport,
    settings: context.settings,
    reference: parseReference(source),
    action: 'pull',
    ...(credentials === undefined ? {} : { credentials }),
    ...(signal === undefined ? {} : { signal }),
  });
  return skipBytes(blobChunks(session, blob, context.settings.stallTimeoutMs), offset);
}

async function* skipBytes(
  chunks: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

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
 * A layer's bytes as they were pulled: those that are kept or, with `keepBlobs: false`, those of a
 * registry that the image came from. The reader verifies them. Throws DomainError `unavailable`.
 */
export function openLayerBlob(
  context: Context,
  { record, blob }: { readonly record: ImageRecord; readonly blob: Descriptor },
  { credentials, signal }: PullOptions,
): AsyncIterable<Uint8Array> {
  if (context.blobs.has(blob.digest)) {
    return createReadStream(context.blobs.pathOf(blob.digest), { highWaterMark: 256 * 1024 });
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
  return blobChunks(session, blob, context.settings.stallTimeoutMs);
}

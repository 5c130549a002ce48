import type { HistoryEntry } from '../image-service.ts';
import { parseConfigDocument } from '../image-config.ts';
import type { Context } from './context.ts';

/** The steps that made an image, the newest first, as `docker history` shows them. */
export async function imageHistory(
  context: Context,
  name: string,
): Promise<readonly HistoryEntry[]> {
  const record = context.images.get(name);
  const { history } = parseConfigDocument(await context.blobs.read(record.id));
  const sizes = record.layers.map(({ unpackedBytes }) => unpackedBytes).values();
  const entries = history.map((entry) => ({
    ...entry,
    sizeBytes: entry.emptyLayer ? 0 : (sizes.next().value ?? 0),
  }));
  // Images made without a history still have layers.
  const others = [...sizes].map((sizeBytes) => ({
    createdAtMs: record.createdAtMs,
    createdBy: '',
    comment: '',
    emptyLayer: false,
    sizeBytes,
  }));
  return [...entries, ...others].toReversed();
}

import { DomainError } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import type { LayerProgress, PullOptions } from '../image-service.ts';
import type { Digest } from '../image.ts';
import { parseManifest, type Descriptor, type Manifest } from '../manifest.ts';
import { parallel } from '../pull/parallel.ts';
import { parseReference, repositoryOf, type Reference } from '../reference.ts';
import { openSession, type Session } from '../registry/session.ts';
import { uploadBlob, uploadManifest } from '../registry/upload.ts';
import type { ImageRecord } from '../store/image-record.ts';
import { storedName } from '../store/image-store.ts';
import { openLayerBlob } from './blob-source.ts';
import type { Context } from './context.ts';

/**
 * Pushes the image that a name points to under that name, with the manifest that it was pulled or
 * made with, so that its digest stays. What the registry has already is not sent.
 */
export async function pushImage(
  context: Context,
  name: string,
  options: PullOptions = {},
): Promise<Digest> {
  const record = context.images.get(name);
  const reference = referenceToPush(context, name, record);
  const { credentials, signal } = options;
  using _lease = context.leases.hold([record.id, record.manifest.digest]);
  const bytes = await context.blobs.read(record.manifest.digest);
  const manifest = parseManifest(bytes, record.manifest.mediaType);
  if (manifest.kind !== 'manifest') throw new DomainError('invalid', 'An index cannot be pushed');
  const session = openSession({
    transport: context.transport,
    settings: context.settings,
    reference,
    action: 'push',
    ...(credentials === undefined ? {} : { credentials }),
    ...(signal === undefined ? {} : { signal }),
  });
  await pushBlobs(context, { record, manifest, reference, session }, options);
  await uploadManifest(session, reference.tag ?? record.manifest.digest, {
    ...record.manifest,
    bytes,
  });
  await context.exclusive(async () => {
    const pushed = `${repositoryOf(reference)}@${record.manifest.digest}`;
    if (context.images.images.has(record.id)) await context.images.setName(pushed, record.id);
  });
  return record.manifest.digest;
}

function referenceToPush(context: Context, name: string, { id }: ImageRecord): Reference {
  const names = context.images.namesOf(id);
  const isId = /^(?:sha256:)?[0-9a-f]+$/.test(name) && !isNamed(name, names);
  if (isId) throw new DomainError('invalid', `Cannot push "${shortened(name)}": it is an id`);
  return parseReference(name);
}

function isNamed(name: string, names: readonly string[]): boolean {
  return (
    !name.startsWith('sha256:') &&
    name.length < 64 &&
    names.includes(storedName(parseReference(name)))
  );
}

interface Push {
  readonly record: ImageRecord;
  readonly manifest: Manifest;
  readonly reference: Reference;
  readonly session: Session;
}

async function pushBlobs(context: Context, push: Push, options: PullOptions): Promise<void> {
  const { manifest, session } = push;
  const report = options.onProgress ?? (() => undefined);
  const layers = new Map(manifest.layers.map((layer) => [layer.digest, layer]));
  for (const blob of layers.values()) report(progressOf(blob, 'waiting', 0));
  const signal = options.signal ?? new AbortController().signal;
  const limit = context.settings.maxConcurrentDownloads;
  await parallel([...layers.values()], { limit, signal }, async (blob, signal) => {
    const sent = await uploadBlob(session.withSignal(signal), {
      blob,
      open: (offset) =>
        openLayerBlob(context, { record: push.record, blob }, { ...options, signal, offset }),
      mountFrom: otherRepositories(context, push),
      onBytes: (doneBytes) => report(progressOf(blob, 'uploading', doneBytes)),
    });
    report(progressOf(blob, sent === 'uploaded' ? 'done' : 'exists', blob.size));
  });
  const config = await context.blobs.read(manifest.config.digest);
  await uploadBlob(session, {
    blob: manifest.config,
    open: (offset) => asStream(config.subarray(offset)),
    mountFrom: [],
    onBytes: () => undefined,
  });
}

/** Where else in this registry the image is known to be; a few are enough to try. */
function otherRepositories(context: Context, { record, reference }: Push): string[] {
  const paths = context.images
    .namesOf(record.id)
    .filter((name) => name.includes('@'))
    .map((name) => parseReference(name))
    .filter(({ domain, path }) => domain === reference.domain && path !== reference.path)
    .map(({ path }) => path);
  return [...new Set(paths)].slice(0, 3);
}

async function* asStream(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function progressOf(
  { digest, size }: Descriptor,
  step: LayerProgress['step'],
  doneBytes: number,
): LayerProgress {
  return { digest, step, doneBytes, totalBytes: size };
}

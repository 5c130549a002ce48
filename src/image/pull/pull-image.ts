import { createHash } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import { chainIdsOf } from '../digest.ts';
import type { PullOptions } from '../image-service.ts';
import type { Digest, Image } from '../image.ts';
import type { Context } from '../operation/context.ts';
import { formatPlatform, hostPlatform, parsePlatform, type Platform } from '../platform.ts';
import { formatReference, parseReference, repositoryOf, type Reference } from '../reference.ts';
import { currentDigest, resolveImage, type ResolvedImage } from '../registry/resolve.ts';
import { openSession, type Session } from '../registry/session.ts';
import type { ImageLayer, ImageRecord } from '../store/image-record.ts';
import { storedName } from '../store/image-store.ts';
import { explainDiskError } from './disk-error.ts';
import { parallel } from './parallel.ts';
import {
  ownChainId,
  progressOf,
  pullLayer,
  type LayerRequest,
  type LayerWork,
} from './pull-layer.ts';

/** Pulls and unpacks an image; equal pulls at once are one. */
export async function pullImage(
  context: Context,
  name: string,
  options: PullOptions = {},
): Promise<Image> {
  const reference = parseReference(name);
  const platform = options.platform ? parsePlatform(options.platform) : hostPlatform();
  // Pulls with other credentials are not equal: the registry has to let each of them in.
  const user = createHash('sha256').update(JSON.stringify(options.credentials ?? null));
  const key = `${formatReference(reference)} ${formatPlatform(platform)} ${user.digest('hex')}`;
  const { signal, onProgress, credentials } = options;
  return await context.pulls.run(key, { signal, onProgress }, async (signal, report) => {
    const session = openSession({
      transport: context.transport,
      settings: context.settings,
      reference,
      action: 'pull',
      signal,
      ...(credentials === undefined ? {} : { credentials }),
    });
    try {
      const known = options.platform ? undefined : await knownImage(context, reference, session);
      if (known !== undefined) return known;
      return await pull(context, { reference, platform }, { session, signal, report });
    } catch (error) {
      throw explainDiskError(error, context.state.root);
    }
  });
}

/** The image that the name still stands for: then nothing but the name has to be written. */
async function knownImage(
  context: Context,
  reference: Reference,
  session: Session,
): Promise<Image | undefined> {
  const repository = repositoryOf(reference);
  if (!context.images.hasPulled(repository)) return undefined;
  const digest = await currentDigest(session, reference);
  return await context.exclusive(async () => {
    const record = digest && context.images.find(`${repository}@${digest}`);
    // An index is known by the image of one platform, which may have been asked for by name.
    const isOwn = record?.config.architecture === hostPlatform().architecture;
    if (record === undefined || !isOwn || hostPlatform().architecture === 'arm') return undefined;
    if (reference.digest === undefined) {
      await context.images.setName(storedName(reference), record.id);
    }
    return context.images.imageOf(record.id);
  });
}

async function pull(
  context: Context,
  wanted: { reference: Reference; platform: Platform },
  work: LayerWork,
): Promise<Image> {
  const { stallTimeoutMs } = context.settings;
  const resolved = await resolveImage(work.session, { ...wanted, stallTimeoutMs });
  const { manifest, config } = resolved;
  const chainIds = chainIdsOf(config.diffIds);
  const blobs = [manifest.config.digest, resolved.manifestDigest];
  using _lease = context.leases.hold([
    ...chainIds,
    ...blobs,
    ...manifest.layers.map(({ digest }) => digest),
  ]);
  await pullLayers(context, layerRequests(resolved, chainIds), work);
  const image = await context.exclusive(() => record(context, resolved, wanted.reference));
  context.layers.sync();
  return image;
}

function layerRequests(
  { manifest, config }: ResolvedImage,
  chainIds: readonly Digest[],
): LayerRequest[] {
  return manifest.layers.map((descriptor, index) => {
    const diffId = config.diffIds[index];
    if (diffId === undefined) throw new RangeError('A layer has no diff id');
    return { descriptor, diffId, chainIds: chainIds.slice(0, index + 1) };
  });
}

async function pullLayers(
  context: Context,
  requests: readonly LayerRequest[],
  { session, signal, report }: LayerWork,
): Promise<void> {
  const missing: LayerRequest[] = [];
  for (const request of requests) {
    const isThere = context.layers.has(ownChainId(request));
    const { descriptor } = request;
    report(progressOf(descriptor, isThere ? 'exists' : 'waiting', isThere ? descriptor.size : 0));
    if (!isThere) missing.push(request);
  }
  if (missing.length > 0) await context.layers.expect(missing.map(ownChainId));
  const limit = context.settings.maxConcurrentDownloads;
  await parallel(missing, { limit, signal }, async (request, signal) => {
    const key = `${session.domain} ${request.descriptor.digest} ${ownChainId(request)}`;
    await context.layerPulls.run(key, { signal, onProgress: report }, (signal, report) =>
      pullLayer(context, request, { session, signal, report }),
    );
  });
}

/** Writes the record, then the names that point to it. */
async function record(
  context: Context,
  resolved: ResolvedImage,
  reference: Reference,
): Promise<Image> {
  const record = await recordOf(context, resolved);
  await context.blobs.put(resolved.configBytes);
  await context.blobs.put(resolved.manifestBytes);
  await context.images.put(record);
  const repository = repositoryOf(reference);
  await context.images.setName(`${repository}@${resolved.digest}`, record.id);
  if (reference.digest === undefined)
    await context.images.setName(storedName(reference), record.id);
  const image = context.images.imageOf(record.id);
  if (image === undefined) throw new DomainError('notFound', `Image ${record.id} was removed`);
  return image;
}

async function recordOf(context: Context, resolved: ResolvedImage): Promise<ImageRecord> {
  const { manifest, config, manifestDigest } = resolved;
  const id = manifest.config.digest;
  const before = context.images.images.get(id);
  // The same image may come compressed in another way; then its layers were not fetched again.
  if (before?.layers.every(({ blobDigest }) => context.blobs.has(blobDigest))) return before;
  return {
    id,
    createdAtMs: config.createdAtMs,
    pinned: before?.pinned ?? false,
    manifest: { mediaType: manifest.mediaType, digest: manifestDigest },
    layers: await layersOf(context, resolved),
    config: config.config,
  };
}

async function layersOf(
  context: Context,
  { manifest, config }: ResolvedImage,
): Promise<ImageLayer[]> {
  const chainIds = chainIdsOf(config.diffIds);
  const layers: ImageLayer[] = [];
  for (const [index, { digest }] of manifest.layers.entries()) {
    const diffId = config.diffIds[index];
    const chainId = chainIds[index];
    if (diffId === undefined || chainId === undefined) throw new RangeError('A layer has no id');
    const known = await context.layers.recordOf(chainId);
    const { unpackedBytes = 0, hidesLowers } = known ?? {};
    const layer = { diffId, chainId, blobDigest: digest, unpackedBytes };
    layers.push({ ...layer, ...(hidesLowers === true ? { hidesLowers } : {}) });
  }
  return layers;
}

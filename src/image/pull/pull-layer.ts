import { DomainError, isDomainError } from '../../base/error.ts';
import type { LayerProgress } from '../image-service.ts';
import type { Digest } from '../image.ts';
import { adoptFolders } from '../layer/adopt-folders.ts';
import type { UnpackResult } from '../layer/layer.ts';
import type { LayerDescriptor } from '../manifest.ts';
import type { Context } from '../operation/context.ts';
import { explainDiskError } from './disk-error.ts';
import { blobChunks } from '../registry/download.ts';
import type { Session } from '../registry/session.ts';
import type { LayerRecord } from '../store/layer-store.ts';

/** One layer of an image, with all that lies beneath it. */
export interface LayerRequest {
  readonly descriptor: LayerDescriptor;
  readonly diffId: Digest;
  /** Bottom first; the last one is this layer's own. */
  readonly chainIds: readonly Digest[];
}

export interface LayerWork {
  readonly session: Session;
  readonly signal: AbortSignal;
  readonly report: (progress: LayerProgress) => void;
}

/**
 * Brings one layer from the registry into the store: downloaded, verified and unpacked in one pass.
 * Its parent may still be on its way; it is waited for before this one is put in place.
 */
export async function pullLayer(
  context: Context,
  request: LayerRequest,
  work: LayerWork,
): Promise<void> {
  const session = work.session.withSignal(work.signal);
  try {
    await fetchLayer(context, request, { ...work, session });
  } catch (error) {
    work.signal.throwIfAborted();
    if (!isDomainError(error, 'invalid')) throw error;
    // The mirror's bytes were wrong; the registry's own may be right.
    if (!session.distrustMirrors()) throw notValid(request, error);
    await fetchLayer(context, request, { ...work, session });
  }
}

function notValid({ descriptor }: LayerRequest, error: DomainError): DomainError {
  const message = `Layer ${descriptor.digest} is not valid: ${error.message}`;
  return new DomainError('invalid', message, { cause: error.cause });
}

async function fetchLayer(context: Context, request: LayerRequest, work: LayerWork): Promise<void> {
  const { descriptor, diffId, chainIds } = request;
  const staged = await context.layers.stage();
  try {
    const result = await downloadAndUnpack(context, request, {
      ...work,
      folder: staged.folder,
    });
    await arriveAfterParent(context, chainIds, work.signal);
    const parents = chainIds.slice(0, -1).map((chainId) => context.layers.folderOf(chainId));
    adoptFolders(staged.folder, parents.toReversed(), result.impliedFolders);
    await staged.commit(ownChainId(request), { diffId, ...traitsOf(result) });
    work.report(progressOf(descriptor, 'done', descriptor.size));
  } finally {
    await staged.discard();
  }
}

async function downloadAndUnpack(
  context: Context,
  { descriptor, diffId, chainIds }: LayerRequest,
  { session, signal, report, folder }: LayerWork & { folder: string },
): Promise<UnpackResult> {
  const unpack = context.unpacker.open({
    folder,
    lowest: chainIds.length === 1,
    blobDigest: descriptor.digest,
    diffId,
  });
  const blob = context.settings.keepBlobs ? await context.blobs.stage() : undefined;
  const giveUp = (): void => void unpack.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  let done = 0;
  try {
    // Waits for a thread: a server closes a connection that is opened long before it is read.
    await unpack.write(Buffer.alloc(0));
    report(progressOf(descriptor, 'downloading', 0));
    for await (const chunk of blobChunks(session, descriptor, context.settings.stallTimeoutMs)) {
      await bothOf(unpack.write(chunk), blob?.write(chunk) ?? Promise.resolve());
      done += chunk.length;
      report(progressOf(descriptor, 'downloading', done));
    }
    report(progressOf(descriptor, 'unpacking', done));
    const result = await unpack.finish();
    await blob?.commit(descriptor.digest);
    return result;
  } catch (error) {
    // Before cleaning up: afterwards the disk is no longer full.
    const explained = explainDiskError(error, context.state.root);
    await unpack.abort();
    await blob?.discard();
    throw explained;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** Waits for both even when one fails, so that neither writes into what is cleaned up. */
async function bothOf(...work: readonly [Promise<void>, Promise<void>]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function arriveAfterParent(
  context: Context,
  chainIds: readonly Digest[],
  signal: AbortSignal,
): Promise<void> {
  const parent = chainIds.at(-2);
  if (parent !== undefined) await context.layers.whenThere(parent, signal);
}

/** What the store keeps of how a layer was unpacked. */
export function traitsOf(result: UnpackResult): Omit<LayerRecord, 'diffId'> {
  const { unpackedBytes, archiveBytes, hidesLowers } = result;
  return { unpackedBytes, archiveBytes, ...(hidesLowers ? { hidesLowers } : {}) };
}

export function ownChainId({ chainIds }: LayerRequest): Digest {
  const own = chainIds.at(-1);
  if (own === undefined) throw new RangeError('A layer has no chain id');
  return own;
}

export function progressOf(
  { digest, size }: LayerDescriptor,
  step: LayerProgress['step'],
  doneBytes: number,
): LayerProgress {
  return { digest, step, doneBytes, totalBytes: size };
}

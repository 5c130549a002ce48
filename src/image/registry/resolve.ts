import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { digestOf, isDigest } from '../digest.ts';
import type { Digest } from '../image.ts';
import { parseConfigDocument, type ConfigDocument } from '../image-config.ts';
import { parseManifest, type Index, type Manifest } from '../manifest.ts';
import { acceptedManifests } from '../media-type.ts';
import { canRun, choosePlatform, formatPlatform, type Platform } from '../platform.ts';
import type { Reference } from '../reference.ts';
import { readBlob } from './download.ts';
import { discardBody, readBody } from './read-body.ts';
import { isConnectionError, unreachable } from './registry-error.ts';
import type { Session } from './session.ts';

/** All of an image but its layers. */
export interface ResolvedImage {
  /** Of what the reference names: an index or a manifest. People pin images by it. */
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly manifestBytes: Buffer;
  readonly manifestDigest: Digest;
  readonly configBytes: Buffer;
  readonly config: ConfigDocument;
}

export interface ResolveOptions {
  readonly reference: Reference;
  readonly platform: Platform;
  readonly stallTimeoutMs: number;
}

/** Indexes may hold indexes; a longer chain is a loop or a joke. */
const maximumIndexes = 3;

/** Finds the manifest and configuration for a platform, each verified against its digest. */
export async function resolveImage(
  session: Session,
  { reference, platform, stallTimeoutMs }: ResolveOptions,
): Promise<ResolvedImage> {
  const first = await fetchManifest(session, reference.digest ?? reference.tag ?? 'latest');
  let found = first;
  for (let count = 0; found.document.kind === 'index'; count++) {
    if (count === maximumIndexes) {
      throw new DomainError('invalid', `"${session.subject.name}" is an index of too many indexes`);
    }
    found = await fetchManifest(session, chooseEntry(found.document, platform, session));
  }
  const manifest = found.document;
  const configBytes = await readBlob(session, manifest.config, stallTimeoutMs);
  const config = parseConfigDocument(configBytes);
  checkLayers(manifest, config);
  checkPlatform(config.platform, platform, session);
  return {
    digest: first.digest,
    manifest,
    manifestBytes: found.bytes,
    manifestDigest: found.digest,
    configBytes,
    config,
  };
}

/**
 * The digest that a name stands for now, without the document: Docker Hub counts only whole
 * manifests against its limit. Undefined where a registry does not tell.
 */
export async function currentDigest(
  session: Session,
  reference: Reference,
): Promise<Digest | undefined> {
  const response = await session.request({
    method: 'HEAD',
    target: `manifests/${reference.digest ?? reference.tag ?? 'latest'}`,
    headers: { accept: acceptedManifests },
    expect: [200, 405],
  });
  await discardBody(response);
  const digest = response.header('docker-content-digest');
  return response.status === 200 && isDigest(digest) ? digest : undefined;
}

interface FetchedManifest {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly document: Manifest | Index;
}

async function fetchManifest(session: Session, target: string): Promise<FetchedManifest> {
  const { bytes, contentType, claimed } = await readManifest(session, target);
  const digest = digestOf(bytes);
  const expected = isDigest(target) ? target : claimed;
  if (isDigest(expected) && expected !== digest) {
    if (session.distrustMirrors()) return await fetchManifest(session, target);
    throw new DomainError('invalid', `Manifest ${expected} has other bytes than its digest says`);
  }
  return { bytes, digest, document: parseManifest(bytes, contentType) };
}

async function readManifest(
  session: Session,
  target: string,
): Promise<{ bytes: Buffer; contentType: string; claimed: string }> {
  for (let count = 1; ; count++) {
    const response = await session.request({
      method: 'GET',
      target: `manifests/${target}`,
      headers: { accept: acceptedManifests },
      expect: [200],
    });
    try {
      return {
        bytes: await readBody(
          response,
          limits.manifestBytes,
          `Manifest of "${session.subject.name}"`,
        ),
        contentType: response.header('content-type'),
        claimed: response.header('docker-content-digest'),
      };
    } catch (error) {
      session.signal?.throwIfAborted();
      if (!isConnectionError(error)) throw error;
      if (!session.distrustMirrors() && count >= 3) throw unreachable(response.url.host, error);
    }
  }
}

function chooseEntry(index: Index, platform: Platform, session: Session): Digest {
  const entry = choosePlatform(index.entries, platform);
  if (entry !== undefined) return entry.digest;
  const offered = index.entries.flatMap((entry) =>
    entry.platform === undefined ? [] : [formatPlatform(entry.platform)],
  );
  const choice = offered.length === 0 ? 'nothing' : [...new Set(offered)].slice(0, 20).join(', ');
  throw new DomainError(
    'notFound',
    `"${session.subject.name}" is not there for ${formatPlatform(platform)}; it is for ${choice}`,
  );
}

function checkLayers({ layers }: Manifest, { diffIds }: ConfigDocument): void {
  if (layers.length === diffIds.length) return;
  const counts = `${layers.length} layers and its configuration ${diffIds.length}`;
  throw new DomainError('invalid', `Image is not consistent: its manifest has ${counts}`);
}

function checkPlatform(image: Platform, wanted: Platform, session: Session): void {
  if ((image.os === '' && image.architecture === '') || canRun(image, wanted)) return;
  throw new DomainError(
    'notFound',
    `"${session.subject.name}" is for ${formatPlatform(image)}, not for ${formatPlatform(wanted)}`,
  );
}

import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../base/error.ts';
import type { Digest } from '../image.ts';
import type { Descriptor } from '../manifest.ts';
import { discardBody } from './read-body.ts';
import { isConnectionError } from './registry-error.ts';
import type { Session } from './session.ts';
import type { HttpResponse } from './transport.ts';

export interface BlobUpload {
  readonly blob: Descriptor;
  /** The bytes from an offset on; anew for each attempt. */
  readonly open: (offset: number) => AsyncIterable<Uint8Array>;
  /** Repositories of the same registry that may have the blob already. */
  readonly mountFrom: readonly string[];
  readonly onBytes: (doneBytes: number) => void;
}

const maximumAttempts = 3;
/** So much that the registry has kept counts as progress, and failures are counted anew. */
const progressBytes = 1024 * 1024;

/** Where an upload stands. */
interface Place {
  readonly url: URL;
  /** How many bytes the registry has. */
  readonly offset: number;
}

/**
 * Brings a blob into a repository; `exists` when it is there already, or could be mounted. After a
 * broken connection it goes on where the registry says that it has come to.
 */
export async function uploadBlob(
  session: Session,
  upload: BlobUpload,
): Promise<'exists' | 'mounted' | 'uploaded'> {
  if (await hasBlob(session, upload.blob.digest)) return 'exists';
  for (const from of upload.mountFrom) {
    if (await mountBlob(session, upload.blob.digest, from)) return 'mounted';
  }
  let place: Place | undefined;
  for (let failures = 0; ;) {
    const start = place?.offset ?? 0;
    try {
      if (failures > 0 && place !== undefined) place = await askPlace(session, upload, place);
      if ((place?.offset ?? 0) - start >= progressBytes) failures = 0;
      place ??= await beginUpload(session);
      if (await sendRest(session, upload, place)) return 'uploaded';
      place = undefined;
    } catch (error) {
      session.signal?.throwIfAborted();
      if (!isConnectionError(error) || failures + 1 >= maximumAttempts) throw error;
    }
    failures += 1;
    if (failures >= maximumAttempts) throw lostUpload(session);
    await delay(250 * 2 ** failures, undefined, { signal: session.signal });
  }
}

/** Puts a manifest under a tag or its digest; returns the digest that the registry gave it. */
export async function uploadManifest(
  session: Session,
  target: string,
  manifest: { readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: Digest },
): Promise<void> {
  const response = await session.request({
    method: 'PUT',
    target: `manifests/${target}`,
    headers: { 'content-type': manifest.mediaType },
    body: () => manifest.bytes,
    expect: [200, 201, 202],
  });
  await discardBody(response);
  const given = response.header('docker-content-digest');
  if (given === '' || given === manifest.digest) return;
  throw new DomainError('invalid', `"${session.domain}" stored another manifest than was sent`);
}

async function hasBlob(session: Session, digest: Digest): Promise<boolean> {
  const request = { method: 'HEAD', target: `blobs/${digest}`, expect: [200, 404] } as const;
  const response = await session.request(request);
  await discardBody(response);
  return response.status === 200;
}

/** A registry that cannot mount begins an upload instead, which is left to expire. */
async function mountBlob(session: Session, digest: Digest, from: string): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from });
  const response = await session.request({
    method: 'POST',
    target: `blobs/uploads/?${query.toString()}`,
    expect: [201, 202, 400, 401, 403, 404, 405],
    alsoPull: from,
  });
  await discardBody(response);
  return response.status === 201;
}

async function beginUpload(session: Session): Promise<Place> {
  const begun = await session.request({
    method: 'POST',
    target: 'blobs/uploads/',
    headers: { 'content-length': '0' },
    expect: [202],
  });
  await discardBody(begun);
  return { url: placeOf(begun), offset: 0 };
}

/** How much of it the registry has; undefined when it has none, or does not tell. */
async function askPlace(
  session: Session,
  { blob }: BlobUpload,
  { url }: Place,
): Promise<Place | undefined> {
  const response = await session.request({
    method: 'GET',
    target: url,
    expect: [204, 200, 400, 404, 405],
  });
  await discardBody(response);
  // "0-0" is what some say of an upload that has nothing yet, too.
  const last = Number(/^(?:bytes=)?0-([0-9]{1,15})$/.exec(response.header('range'))?.[1] ?? 0);
  if (response.status !== 204 || last === 0 || last >= blob.size) return undefined;
  const moved = response.header('location') !== '';
  return { url: moved ? placeOf(response) : url, offset: last + 1 };
}

/**
 * What the registry has not, and the end: apart, as Docker sends them, for the specification tells
 * only of parts how one goes on. False when the registry does not know of the upload any more.
 */
async function sendRest(session: Session, upload: BlobUpload, place: Place): Promise<boolean> {
  const { size } = upload.blob;
  const begun = place.offset > 0;
  if (place.offset === size || (!begun && size <= progressBytes)) {
    return await finish(session, upload, place);
  }
  const response = await session.request({
    method: 'PATCH',
    target: place.url,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(size - place.offset),
      ...(begun && { 'content-range': `${place.offset}-${size - 1}` }),
    },
    body: () => bodyOf(upload, place.offset),
    expect: begun ? [202, 404, 416] : [202],
    once: true,
  });
  await discardBody(response);
  if (response.status !== 202) return false;
  return await finish(session, upload, { url: placeOf(response), offset: size });
}

/** The end, with all that is still to come. */
async function finish(session: Session, upload: BlobUpload, place: Place): Promise<boolean> {
  const { blob } = upload;
  const url = new URL(place.url);
  url.searchParams.set('digest', blob.digest);
  const response = await session.request({
    method: 'PUT',
    target: url,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(blob.size - place.offset),
    },
    body: () => bodyOf(upload, place.offset),
    expect: place.offset === 0 ? [201, 204] : [201, 204, 404, 416],
    once: true,
  });
  await discardBody(response);
  return [201, 204].includes(response.status);
}

function bodyOf({ blob, open, onBytes }: BlobUpload, offset: number): Readable | Uint8Array {
  if (offset === blob.size) return new Uint8Array();
  return Readable.from(counted(open(offset), { offset, onBytes }), { objectMode: false });
}

function lostUpload(session: Session): DomainError {
  return new DomainError('unavailable', `"${session.domain}" loses uploads that break off`);
}

function placeOf(response: HttpResponse): URL {
  const place = URL.parse(response.header('location'), response.url.href);
  if (place !== null && /^https?:$/.test(place.protocol) && place.username === '') return place;
  throw new DomainError('invalid', `"${response.url.host}" says not where to upload to`);
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  { offset, onBytes }: { readonly offset: number; readonly onBytes: BlobUpload['onBytes'] },
): AsyncGenerator<Uint8Array> {
  let done = offset;
  for await (const chunk of chunks) {
    done += chunk.length;
    onBytes(done);
    yield chunk;
  }
}

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
  /** The bytes, from the beginning each time. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Repositories of the same registry that may have the blob already. */
  readonly mountFrom: readonly string[];
  readonly onBytes: (doneBytes: number) => void;
}

const maximumAttempts = 3;

/** Brings a blob into a repository; `exists` when it is there already, or could be mounted. */
export async function uploadBlob(
  session: Session,
  upload: BlobUpload,
): Promise<'exists' | 'mounted' | 'uploaded'> {
  if (await hasBlob(session, upload.blob.digest)) return 'exists';
  for (const from of upload.mountFrom) {
    if (await mountBlob(session, upload.blob.digest, from)) return 'mounted';
  }
  for (let count = 1; ; count++) {
    try {
      await sendBlob(session, upload);
      return 'uploaded';
    } catch (error) {
      session.signal?.throwIfAborted();
      if (!isConnectionError(error) || count === maximumAttempts) throw error;
      await delay(250 * 2 ** count);
    }
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

/** In one piece: every registry takes that, and the length is known. */
async function sendBlob(session: Session, { blob, open, onBytes }: BlobUpload): Promise<void> {
  const begun = await session.request({
    method: 'POST',
    target: 'blobs/uploads/',
    headers: { 'content-length': '0' },
    expect: [202],
  });
  await discardBody(begun);
  const place = placeOf(begun);
  place.searchParams.set('digest', blob.digest);
  const response = await session.request({
    method: 'PUT',
    target: place,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(blob.size),
    },
    body: () => Readable.from(counted(open(), onBytes), { objectMode: false }),
    expect: [201, 204],
    once: true,
  });
  await discardBody(response);
}

function placeOf(response: HttpResponse): URL {
  const place = URL.parse(response.header('location'), response.url.href);
  if (place !== null && /^https?:$/.test(place.protocol) && place.username === '') return place;
  throw new DomainError('invalid', `"${response.url.host}" says not where to upload to`);
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (doneBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    done += chunk.length;
    onBytes(done);
    yield chunk;
  }
}

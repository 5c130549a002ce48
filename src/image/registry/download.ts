import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../../base/error.ts';
import { digestOf } from '../digest.ts';
import type { Descriptor } from '../manifest.ts';
import { isConnectionError, reasonOf } from './registry-error.ts';
import type { Session } from './session.ts';
import type { HttpResponse } from './transport.ts';

// A transfer slower than this for a whole stall timeout is taken for dead: some servers, and those
// who mean harm, send a byte now and then for ever.
const slowestBytesPerSecond = 1024;
const maximumFailures = 5;
/** So much in one connection counts as progress, and failures are counted anew. */
const progressBytes = 1024 * 1024;

/**
 * A blob's bytes, exactly as many as its descriptor says. A broken or stalled connection is made
 * again and goes on where it ended. The caller verifies the digest. Throws DomainError
 * `unavailable` after several failures without progress, `invalid` for a blob that is too long.
 */
export async function* blobChunks(
  session: Session,
  blob: Descriptor,
  stallTimeoutMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  let offset = 0;
  let failures = 0;
  while (offset < blob.size) {
    const start = offset;
    try {
      const response = await openBlob(session, blob, offset);
      for await (const chunk of timely(usableChunks(response, offset), stallTimeoutMs)) {
        offset += chunk.length;
        if (offset > blob.size) throw wrongLength(blob);
        yield chunk;
      }
      if (offset < blob.size) throw new TransferError('the server closed the connection');
    } catch (error) {
      session.signal?.throwIfAborted();
      if (!isTransferError(error)) throw error;
      failures = offset - start >= progressBytes ? 1 : failures + 1;
      if (failures > maximumFailures) throw brokenOff(blob, offset, error);
      // A mirror that breaks off is not asked again; the registry itself is.
      if (!session.distrustMirrors()) await delay(100 * 2 ** failures, undefined, abortOf(session));
    }
  }
}

/** A small blob, read whole and verified. */
export async function readBlob(
  session: Session,
  blob: Descriptor,
  stallTimeoutMs: number,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of blobChunks(session, blob, stallTimeoutMs)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (digestOf(bytes) === blob.digest) return bytes;
  if (session.distrustMirrors()) return await readBlob(session, blob, stallTimeoutMs);
  throw new DomainError('invalid', `Blob ${blob.digest} has other bytes than its digest says`);
}

class TransferError extends Error {
  override readonly name = 'TransferError';
}

function isTransferError(error: unknown): boolean {
  return error instanceof TransferError || isConnectionError(error);
}

async function openBlob(session: Session, blob: Descriptor, offset: number): Promise<HttpResponse> {
  return await session.request({
    method: 'GET',
    target: `blobs/${blob.digest}`,
    headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
    expect: [200, 206],
  });
}

/** The body from the wanted offset on: a server may answer with the whole blob all the same. */
async function* usableChunks(
  response: HttpResponse,
  offset: number,
): AsyncGenerator<Buffer, void, undefined> {
  let skip = offset - startOf(response, offset);
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      const usable = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - usable.length;
      if (usable.length > 0) yield usable;
    }
  } finally {
    response.body.destroy();
  }
}

function startOf(response: HttpResponse, offset: number): number {
  if (response.status === 200) return 0;
  const range = response.header('content-range');
  const start = /^bytes ([0-9]+)-/.exec(range)?.[1];
  // Without a range header a 206 is taken at its word; the digest finds a lie.
  if (start === undefined || Number(start) === offset) return offset;
  response.body.destroy();
  throw new DomainError(
    'invalid',
    `${response.url.host} answered another range than was asked for`,
  );
}

/** Only the time spent waiting for the server counts, not what the consumer takes. */
async function* timely(
  chunks: AsyncIterable<Buffer>,
  stallTimeoutMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  let waitedMs = 0;
  let received = 0;
  let asked = performance.now();
  for await (const chunk of chunks) {
    waitedMs += performance.now() - asked;
    received += chunk.length;
    if (waitedMs >= stallTimeoutMs) {
      if (received < (slowestBytesPerSecond * waitedMs) / 1000) {
        throw new TransferError('the transfer is too slow');
      }
      waitedMs = 0;
      received = 0;
    }
    yield chunk;
    asked = performance.now();
  }
}

function wrongLength(blob: Descriptor): DomainError {
  const size = `${blob.size} bytes`;
  return new DomainError(
    'invalid',
    `Blob ${blob.digest} is longer than the ${size} it should have`,
  );
}

function brokenOff(blob: Descriptor, offset: number, error: unknown): DomainError {
  const reason = error instanceof TransferError ? error.message : reasonOf(error);
  const place = `after ${offset} of ${blob.size} bytes`;
  return new DomainError('unavailable', `Download of ${blob.digest} broke off ${place}: ${reason}`);
}

function abortOf(session: Session): { signal?: AbortSignal } {
  return session.signal === undefined ? {} : { signal: session.signal };
}

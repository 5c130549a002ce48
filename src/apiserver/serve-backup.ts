import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError, badRequest } from '../api/status.ts';
import { isDomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { type Restoration, restoreBackup, valueInBackup } from '../store/restore.ts';
import type { Store } from '../store/store.ts';
import { sendJson } from './answer.ts';
import type { Restoring } from './restoring.ts';
import { identityKeys } from './security/authority/shared-identity.ts';

/** `GET` here is a backup of the cluster, as one file. */
export const backupPath = '/keelson/backup';
/** `PUT` of such a file makes the cluster what it was. */
export const restorePath = '/keelson/restore';

export interface BackupOptions {
  readonly store: Store;
  /** Where the file lies while it is on its way, for its owner alone. */
  readonly folder: string;
  readonly restoring: Restoring;
  /** What is remembered of the state is no longer so. */
  readonly forget: () => void;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

const name = 'transfer-';
const mediaType = 'application/vnd.sqlite3';
/** Each round leaves less that differs; who writes all the time may keep it from an end. */
const mostRounds = 20;

/** Keys of processes, which vanish with them. */
export const processPrefixes = [
  '/keelson/coordinators/',
  '/keelson/turns/',
  '/keelson/restoring/',
] as const;

/** Objects that are about who runs now, not about what the cluster's state is. */
const runtimeObjects = new RegExp(
  '^/registry/(leases/kube-system/keelson-coordinator$' +
    '|(services/)?(endpoints|endpointslices)/default/kubernetes(-|$))',
);

/** Removes what a process left that was killed while a file was on its way. */
export async function removeTransfers(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((file) => file.startsWith(name));
  for (const file of left) await rm(join(folder, file), { force: true });
}

/** Everything at one revision, with its history on SQLite, while all goes on. */
export async function serveBackup(options: BackupOptions, asked: Asked): Promise<void> {
  const { request, response, signal } = asked;
  expectMethod(request, 'GET');
  const path = join(options.folder, `${name}${randomUUID()}`);
  try {
    const { revision, sizeBytes } = await options.store.backup(path);
    response.writeHead(200, {
      'Content-Type': mediaType,
      'Content-Length': sizeBytes,
      'Keelson-Revision': String(revision),
    });
    await pipeline(createReadStream(path), response, { signal }).catch(() => response.destroy());
  } finally {
    await rm(path, { force: true });
  }
}

/** Answers when all is as it was, with how much was not. */
export async function serveRestore(options: BackupOptions, asked: Asked): Promise<void> {
  const { request, response, signal } = asked;
  expectMethod(request, 'PUT');
  const path = join(options.folder, `${name}${randomUUID()}`);
  try {
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    await pipeline(request, bounded(), file, { signal });
    await checkIdentity(options.store, path);
    const done = await options.restoring
      .during(() => restoreAll(options, path))
      .catch((error: unknown) => {
        if (!isDomainError(error, 'exists')) throw error;
        throw new ApiError('Conflict', 'the cluster is being restored already');
      });
    options.forget();
    await sendJson(response, 200, { ...done });
  } finally {
    await rm(path, { force: true });
  }
}

function isKept(key: string): boolean {
  return processPrefixes.some((prefix) => key.startsWith(prefix)) || runtimeObjects.test(key);
}

async function restoreAll({ store }: BackupOptions, path: string): Promise<Restoration> {
  const sum = { created: 0, updated: 0, deleted: 0 };
  for (let round = 1; ; round += 1) {
    try {
      const { created, updated, deleted } = await restoreBackup(store, path, {
        isKept,
        counts: sum,
      });
      return { created, updated, deleted };
    } catch (error) {
      const isRace = ['conflict', 'exists', 'notFound'].some((kind) => {
        return isDomainError(error, kind as 'conflict');
      });
      if (!isRace || round === mostRounds) throw error;
    }
  }
}

/** A cluster with another authority would believe none of its nodes. */
async function checkIdentity(store: Store, path: string): Promise<void> {
  for (const key of identityKeys) {
    const { entry } = await store.get(key);
    const theirs = valueInBackup(path, key);
    if (theirs === undefined || entry === undefined) continue;
    if (Buffer.compare(theirs, entry.value) === 0) continue;
    const why = 'the backup is of another cluster: its certificate authority or token keys differ';
    throw new ApiError('Conflict', `${why}; restore it into an empty folder (--root)`);
  }
}

function expectMethod({ method }: IncomingMessage, expected: string): void {
  if (method === expected) return;
  throw new ApiError('MethodNotAllowed', `only ${expected} is allowed here`);
}

function bounded(): Transform {
  let size = 0;
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      size += part.length;
      const isTooLong = size > limits.storeBackupBytes;
      done(isTooLong ? badRequest(`more than ${limits.storeBackupBytes} bytes`) : null, part);
    },
  });
}

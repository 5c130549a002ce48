import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError, hasCode, isKernelError } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { flock } from '../../kernel/file.ts';
import { currentFolder, OpenFlag, openat2 } from '../../kernel/open.ts';
import { removeTree } from './remove-tree.ts';

/**
 * Where images lie. All is made in `temporary` first and renamed into its place when it is whole,
 * so whatever is found there at the next start is the rest of a killed run.
 */
export interface StateFolder {
  readonly root: string;
  /** Records, one file each. */
  readonly images: string;
  readonly references: string;
  readonly snapshotRecords: string;
  /** Unpacked layers by chain id, and the documents and compressed layers by digest. */
  readonly layers: string;
  readonly blobs: string;
  /** Containers' writable folders. */
  readonly snapshots: string;
  readonly temporary: string;
  readonly log: Logger;
  /** A path in `temporary` that nobody else uses. */
  newPath(purpose: string): string;
  /** Makes a tree disappear in one step, then removes what it held. */
  discard(path: string): Promise<void>;
  /** Only makes it disappear; what it held is removed in the background. */
  bury(path: string): Promise<void>;
  /** Resolves when all that was buried is removed. */
  settled(): Promise<void>;
  /** Waits for removals under way, and lets another process use the folder. */
  close(): Promise<void>;
}

/**
 * Opens a state folder, for this process alone. Throws DomainError `conflict` when another has it.
 */
export async function openStateFolder(root: string, log: Logger): Promise<StateFolder> {
  const folders = {
    images: join(root, 'images'),
    references: join(root, 'references'),
    snapshotRecords: join(root, 'snapshot-records'),
    layers: join(root, 'layers'),
    blobs: join(root, 'blobs'),
    snapshots: join(root, 'snapshots'),
    temporary: join(root, 'tmp'),
  };
  // Images hold set-user-id programs of any kind: only root may walk in (CVE-2021-41103).
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const owned = lock(join(root, 'lock'));
  for (const folder of Object.values(folders))
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const removals = new Set<Promise<void>>();
  const remove = (path: string): Promise<void> => {
    const removal = removeTree(path).catch((error: unknown) => {
      log.warn({ path, error }, 'cannot remove; the next start tries again');
    });
    removals.add(removal);
    return removal.finally(() => removals.delete(removal));
  };
  const newPath = (purpose: string): string =>
    join(folders.temporary, `${purpose}-${randomBytes(8).toString('hex')}`);
  const records = [root, folders.images, folders.references, folders.snapshotRecords];
  for (const folder of records) removeHalfWritten(folder);
  for (const name of readdirSync(folders.temporary)) void remove(join(folders.temporary, name));
  return {
    root,
    ...folders,
    log,
    newPath,
    async discard(path) {
      const grave = await moveAside(path, newPath('removed'));
      if (grave !== undefined) await remove(grave);
    },
    async bury(path) {
      const grave = await moveAside(path, newPath('removed'));
      if (grave !== undefined) void remove(grave);
    },
    async settled() {
      await Promise.all(removals);
    },
    async close() {
      await Promise.all(removals);
      owned.close();
    },
  };
}

/** Undefined when there is nothing. */
async function moveAside(path: string, grave: string): Promise<string | undefined> {
  try {
    await rename(path, grave);
    return grave;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** What writeState leaves when it is killed before its rename. */
function removeHalfWritten(folder: string): void {
  const names = readdirSync(folder).filter((name) => /\.[0-9a-f]{12}\.new$/.test(name));
  for (const name of names) rmSync(join(folder, name), { force: true });
}

/** The kernel lets go of the lock when the process ends, however it ends. */
function lock(path: string): Descriptor {
  const flags = OpenFlag.readWrite | OpenFlag.create | OpenFlag.noFollow;
  const file = openat2(currentFolder, path, { flags, mode: 0o600 });
  try {
    flock(file.fd, 'exclusive');
    return file;
  } catch (error) {
    file.close();
    if (!isKernelError(error, 'EAGAIN')) throw error;
    throw new DomainError(
      'conflict',
      `State folder "${dirname(path)}" is in use by another process`,
    );
  }
}

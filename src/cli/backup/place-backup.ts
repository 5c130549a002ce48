import { constants, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { processPrefixes } from '../../apiserver/serve-backup.ts';
import { openEmbeddedStore } from '../../store/open.ts';
import { checkBackup } from '../../store/restore.ts';
import { lockRuntime } from '../runtime-lock.ts';

/**
 * Makes a backup the store of a coordinator that does not run; what it starts with is in there.
 * Throws DomainError `exists` where a store is.
 */
export async function placeBackup(file: string, root: string): Promise<void> {
  checkBackup(file);
  await mkdir(root, { recursive: true, mode: 0o700 });
  using _lock = lockRuntime(root, 'coordinator');
  const path = join(root, 'store.db');
  if (existsSync(path)) throw new DomainError('exists', `"${path}" exists already`);
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { force: true });
  try {
    await copyFile(file, unfinished, constants.COPYFILE_EXCL);
    await chmod(unfinished, 0o600);
    await forgetProcesses(unfinished);
    await using copy = await open(unfinished, 'r');
    await copy.sync();
    await rename(unfinished, path);
  } finally {
    for (const rest of ['', '-wal', '-shm', '.lock', '.pid']) {
      await rm(unfinished + rest, { force: true });
    }
  }
}

/** Of etcd's a backup also has what said who ran. */
async function forgetProcesses(path: string): Promise<void> {
  await using store = await openEmbeddedStore(path);
  for (const prefix of processPrefixes) {
    const { entries } = await store.list(prefix);
    for (const { key } of entries) await store.delete(key);
  }
}

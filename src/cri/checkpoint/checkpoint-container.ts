import { lstat, rename, rm } from 'node:fs/promises';
import { DomainError, hasCode } from '../../base/error.ts';
import { packTree } from '../../image/layer/pack.ts';
import type { ContainerRecord } from '../container/container-record.ts';
import type { Node } from '../node.ts';
import { TemporaryFolder } from '../temporary-file.ts';
import { writeCheckpoints, writeSynced } from './write-checkpoint.ts';

export interface ContainerCheckpoint {
  readonly record: ContainerRecord;
  /** Absolute. */
  readonly location: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A checkpoint as one archive, mode 0600: whole at its place, or not there, also when this process
 * is killed. A file that was there is replaced.
 */
export async function checkpointContainer(
  node: Node,
  { record, location, timeoutMs, signal }: ContainerCheckpoint,
): Promise<void> {
  await checkLocation(location);
  await using temporary = await TemporaryFolder.make(node.settings.rootFolder);
  const order = { records: [record], folder: temporary.path, timeoutMs, signal };
  await writeCheckpoints(node, order);
  const partial = `${location}.${record.id.slice(0, 12)}.partial`;
  await temporary.promise(partial);
  try {
    await writeSynced(partial, packTree([`${temporary.path}/${record.id}`]));
    await rename(partial, location);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Before a container is stopped for it. */
async function checkLocation(location: string): Promise<void> {
  const invalid = (what: string): DomainError =>
    new DomainError('invalid', `location "${location}" ${what}`);
  if (location.endsWith('/')) throw invalid('is a folder');
  const folder = location.slice(0, location.lastIndexOf('/')) || '/';
  const status = await lstat(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  });
  if (status?.isDirectory() !== true) throw invalid('is in no folder');
  const there = await lstat(location).catch(() => undefined);
  if (there !== undefined && !there.isFile()) throw invalid('is no file');
}

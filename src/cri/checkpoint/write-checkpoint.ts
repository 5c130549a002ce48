import { mkdir, open } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { writeWhole } from '../../base/state-file.ts';
import { packLayer } from '../../image/layer/pack.ts';
import type { ContainerRecord } from '../container/container-record.ts';
import type { Node } from '../node.ts';
import { checkpointDocuments } from './checkpoint-files.ts';

export interface CheckpointOrder {
  readonly records: readonly ContainerRecord[];
  /** An existing folder; it gets one for each container, named by its id. */
  readonly folder: string;
  /** 0 for the usual. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Files of checkpoints of containers, all of one moment: criu's images in `checkpoint`, what the
 * container has changed in its root as a layer in `rootfs-diff.tar`, and who it was. They go on.
 */
export async function writeCheckpoints(node: Node, order: CheckpointOrder): Promise<void> {
  const timeoutMs = order.timeoutMs === 0 ? limits.checkpointMs : order.timeoutMs;
  const late = AbortSignal.timeout(Math.min(timeoutMs, longestTimerMs));
  const signal = AbortSignal.any([order.signal, late]);
  const targets = order.records.map((record) => ({
    record,
    id: record.id,
    folder: `${order.folder}/${record.id}`,
  }));
  for (const { folder } of targets) await mkdir(folder, { mode: 0o700 });
  const meanwhile = async (): Promise<void> => {
    for (const { record, folder } of targets) await writeChanges(node, { record, folder, signal });
  };
  try {
    await node.engine.checkpoint(targets, { signal, timeoutMs, meanwhile });
  } catch (error) {
    if (!signal.aborted) throw error;
    const text = `The checkpoint was not done within ${timeoutMs / 1000} s`;
    throw new DomainError('timeout', late.aborted ? text : 'Nobody waits for the checkpoint');
  }
  for (const { record, folder } of targets) await writeDocuments(node, record, folder);
}

const longestTimerMs = 2 ** 31 - 1;

/** Still in the moment of the images: a file and the memory that knows it belong together. */
async function writeChanges(
  node: Node,
  target: { record: ContainerRecord; folder: string; signal: AbortSignal },
): Promise<void> {
  const { record, folder, signal } = target;
  const snapshot = node.images.findSnapshot(record.id);
  if (snapshot === undefined) {
    throw new DomainError('conflict', `The files of container "${record.id}" are gone`);
  }
  const file = createWriteStream(`${folder}/rootfs-diff.tar`, { mode: 0o600, flags: 'wx' });
  await pipeline(packLayer(snapshot.upper), file, { signal });
}

async function writeDocuments(node: Node, record: ContainerRecord, folder: string): Promise<void> {
  for (const [name, document] of Object.entries(checkpointDocuments(node, record))) {
    await writeWhole(`${folder}/${name}`, JSON.stringify(document));
  }
}

/** The bytes to a new file, on disk when it resolves. */
export async function writeSynced(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  for await (const chunk of chunks) await file.writeFile(chunk);
  await file.sync();
}

import { lstat, readdir, rm } from 'node:fs/promises';
import { DomainError, hasCode } from '../../base/error.ts';
import { writeState } from '../../base/state-file.ts';
import { statusOfContainer } from '../container/container-life.ts';
import {
  configOf,
  type ContainerRecord,
  podConfigOf,
  type PodRecord,
} from '../container/container-record.ts';
import type { CheckpointPodRequest } from '../generated/runtime.ts';
import type { Node } from '../node.ts';
import { TemporaryFolder } from '../temporary-file.ts';
import type { PodDocument } from './pod-document.ts';
import { writeCheckpoints } from './write-checkpoint.ts';

/**
 * A pod's checkpoint: the caller's empty folder gets one folder for each container, `pod.options`,
 * which says whose each is, and `pod.dump`. All containers stand still until the last is written.
 * On failure the folder is empty again.
 */
export async function checkpointPod(
  node: Node,
  pod: PodRecord,
  { request, signal }: { readonly request: CheckpointPodRequest; readonly signal: AbortSignal },
): Promise<void> {
  checkOptions(request.options);
  const records = selected(node, pod, request.container_ids);
  const names = namesOf(records);
  const folder = request.output_path;
  await checkEmpty(folder);
  const made = [
    ...records.map(({ id }) => `${folder}/${id}`),
    ...['options', 'dump'].map((kind) => `${folder}/pod.${kind}`),
  ];
  await using temporary = await TemporaryFolder.make(node.settings.rootFolder);
  await temporary.promise(...made);
  try {
    await writeCheckpoints(node, { records, folder, timeoutMs: 0, signal });
    await writeState(`${folder}/pod.dump`, podConfigOf(pod));
    const document: PodDocument = { version: 1, containers: names };
    await writeState(`${folder}/pod.options`, document);
  } catch (error) {
    for (const path of made) await rm(path, { recursive: true, force: true });
    throw error;
  }
}

/** None is known, and one that is not known must not be passed over. */
export function checkOptions(options: Readonly<Record<string, string>>): void {
  const [first] = Object.keys(options);
  if (first === undefined) return;
  throw new DomainError('invalid', `No option of checkpoints is named "${first}"`);
}

function selected(node: Node, pod: PodRecord, ids: readonly string[]): ContainerRecord[] {
  if (ids.length === 0) throw new DomainError('invalid', 'container_ids is empty');
  const records = ids.map((id) => node.containers.find(id));
  if (new Set(records).size < records.length) {
    throw new DomainError('invalid', 'container_ids names a container twice');
  }
  for (const record of records) {
    if (record.podId !== pod.id) {
      throw new DomainError('invalid', `Container "${record.id}" is not of pod "${pod.id}"`);
    }
    const { state } = statusOfContainer(node, record);
    if (state === 'running' || state === 'paused') continue;
    throw new DomainError('conflict', `Container "${record.id}" is not running (${state})`);
  }
  return records;
}

function namesOf(records: readonly ContainerRecord[]): Record<string, string> {
  const names = new Map(
    records.map((record) => [configOf(record).metadata?.name ?? '', record.id]),
  );
  if (names.size === records.length) return Object.fromEntries(names);
  throw new DomainError('conflict', 'Two containers of the pod have the same name');
}

async function checkEmpty(path: string): Promise<void> {
  const invalid = (what: string): DomainError =>
    new DomainError('invalid', `output_path "${path}" ${what}`);
  const status = await lstat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  });
  if (status?.isDirectory() !== true) throw invalid('is no folder');
  if ((await readdir(path)).length > 0) throw invalid('is not empty');
}

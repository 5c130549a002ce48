import { rm } from 'node:fs/promises';
import { isDomainError } from '../../base/error.ts';
import { isDiskFull } from '../../base/state-file.ts';
import type { SpanRecorder } from '../../base/span.ts';
import type { ContainerStatus } from '../../container/container-engine.ts';
import type { ContainerRecord } from './container-record.ts';
import { releaseImageVolumes } from '../image/image-volume.ts';
import { provideSandbox } from '../pod/run-pod.ts';
import { imagesOf, recreateContainer } from './create-container.ts';
import type { Node } from '../node.ts';
import { removeAnonymousVolumes } from '../volume/volumes.ts';

/** How it is, from the engine, or from the record where the engine has lost it (a reboot). */
export function statusOfContainer(node: Node, record: ContainerRecord): ContainerStatus {
  try {
    const status = node.engine.status(record.id);
    return record.damaged === true ? { ...status, ...damaged } : status;
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
    const status = record.last ?? lostStatus(record);
    return record.damaged === true ? { ...status, ...damaged } : status;
  }
}

/** Whatever runs: what it is cannot be told any more, and it is to be removed. */
const damaged = {
  state: 'unknown',
  reason: 'Unknown',
  message: 'Its record is damaged',
} as const;

function lostStatus({ id, podId, createdAtMs }: ContainerRecord): ContainerStatus {
  return {
    id,
    podId,
    state: 'exited',
    pid: 0,
    createdAtMs,
    startedAtMs: 0,
    finishedAtMs: createdAtMs,
    exitCode: 255,
    reason: 'Unknown',
    message: 'The runtime lost it, most likely by a reboot',
    notEnforced: [],
  };
}

/** Starts it; one of the command line's that has ended is made again first. */
export function startContainer(
  node: Node,
  record: ContainerRecord,
  spans?: SpanRecorder,
): Promise<ContainerStatus> {
  return node.locks.run(record.id, async () => {
    const current = node.containers.get(record.id);
    const { state } = statusOfContainer(node, current);
    if (current.owner === 'cli') await provideSandbox(node, current);
    if (state === 'exited' && current.owner === 'cli') {
      await node.containers.update(record.id, { last: statusOfContainer(node, current) });
      await recreateContainer(node, current);
    }
    if (current.stopped) await node.containers.update(record.id, { stopped: false });
    const start = (): Promise<ContainerStatus> => node.engine.start(record.id);
    const status = await (spans === undefined ? start() : spans.step('start', start));
    if (current.restored === true) await rm(imagesOf(node, record.id), forever);
    return status;
  });
}

const forever = { recursive: true, force: true } as const;

export interface StopOrder {
  readonly timeoutMs: number;
  /** The container's own stop signal by default. */
  readonly signal?: string;
}

/** Ends it, for good as far as the restart policy goes. Succeeds when it has ended already. */
export async function stopContainer(
  node: Node,
  record: ContainerRecord,
  { timeoutMs, signal }: StopOrder,
): Promise<void> {
  await markStopped(node, record);
  const { state } = statusOfContainer(node, record);
  if (state === 'exited' || state === 'created') return;
  try {
    await node.engine.stop(record.id, { signal: signal ?? record.stopSignal, timeoutMs });
  } catch (error) {
    // Removed meanwhile, or never known to the engine.
    if (!isDomainError(error, 'notFound')) throw error;
  }
}

async function markStopped(node: Node, record: ContainerRecord): Promise<void> {
  if (record.owner !== 'cli' || !node.containers.has(record.id)) return;
  try {
    await node.containers.update(record.id, { stopped: true });
  } catch (error) {
    // A full disk keeps nobody from stopping what may fill it.
    if (!isDiskFull(error)) throw error;
    node.containers.replace({ ...node.containers.get(record.id), stopped: true });
  }
}

/**
 * Ends it and removes every trace; for one of the command line its pod too. `volumes`: those that
 * were made for it, too.
 */
export function removeContainer(
  node: Node,
  record: ContainerRecord,
  { volumes }: { readonly volumes: boolean },
): Promise<void> {
  return node.locks.run(record.id, async () => {
    if (!node.containers.has(record.id)) return;
    await markStopped(node, record);
    await node.engine.remove(record.id);
    if (record.owner === 'cli') await removePodOf(node, record);
    await node.images.releaseSnapshot(record.id);
    node.layerUse.forget(record.id);
    await releaseImageVolumes(node, record.id);
    if (volumes) await removeAnonymousVolumes(node, record);
    node.containers.remove(record.id);
  });
}

async function removePodOf(node: Node, { podId }: ContainerRecord): Promise<void> {
  await node.sandboxes.remove(podId);
  node.pods.remove(podId);
}

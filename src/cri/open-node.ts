import { isDomainError } from '../base/error.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import { containerKind, podKind } from './container/container-record.ts';
import { CpuSampler } from './statistics/cpu-sampler.ts';
import { EventFeed } from './event-feed.ts';
import { ownerOfSnapshot } from './image/image-volume.ts';
import { LayerUse } from './image/layer-use.ts';
import type { Node } from './node.ts';
import { RecordStore } from './record-store.ts';
import { TemporaryFolder } from './temporary-file.ts';
import { VolumeStore } from './volume/volume-store.ts';
import { settleVolumes } from './volume/volumes.ts';

/** What the node makes for itself. */
type Made =
  | 'setHandlers'
  | 'containers'
  | 'pods'
  | 'volumes'
  | 'locks'
  | 'events'
  | 'attended'
  | 'sampler'
  | 'layerUse';

export type NodeParts = Omit<Node, Made>;

/**
 * Puts the node together from its parts, with what an earlier process left: records are read, the
 * engine asks the shims, and what was half made or half removed goes.
 */
export async function openNode(parts: NodeParts): Promise<Node> {
  const { rootFolder } = parts.settings;
  let { handlers } = parts;
  const node: Node = {
    ...parts,
    get handlers() {
      return handlers;
    },
    setHandlers: (next) => (handlers = next),
    containers: new RecordStore(`${rootFolder}/containers`, 'container', containerKind),
    pods: new RecordStore(`${rootFolder}/pods`, 'pod', podKind),
    volumes: new VolumeStore(`${rootFolder}/volumes`),
    locks: new KeyedLock(),
    events: new EventFeed(),
    attended: new Set(),
    sampler: new CpuSampler(),
    layerUse: new LayerUse(parts.images),
  };
  await TemporaryFolder.clear(rootFolder);
  await node.containers.load(node.log);
  await node.pods.load(node.log);
  await node.volumes.load(node.log);
  await node.engine.recover();
  await node.sandboxes.recover();
  placeDamaged(node);
  await removeUnknown(node);
  await settleVolumes(node);
  return node;
}

/** The engine knows the pod of a container whose own record does not tell. */
function placeDamaged(node: Node): void {
  for (const { id, podId, createdAtMs } of node.engine.list()) {
    if (!node.containers.has(id) || node.containers.get(id).damaged !== true) continue;
    const owner = node.pods.has(podId) ? node.pods.get(podId).owner : 'cri';
    node.containers.replace({ ...node.containers.get(id), podId, createdAtMs, owner });
  }
}

/** A record stands before its effects: what has none was never finished, or is being removed. */
async function removeUnknown(node: Node): Promise<void> {
  for (const { id } of node.engine.list()) {
    if (!node.containers.has(id)) await attempt(node, id, () => node.engine.remove(id));
  }
  for (const { id } of node.sandboxes.list()) {
    if (!node.pods.has(id)) await attempt(node, id, () => node.sandboxes.remove(id));
  }
  for (const { id, owner } of node.pods.list()) {
    const used = node.containers.list().some(({ podId }) => podId === id);
    if (owner === 'cli' && !used) await attempt(node, id, () => removeOwnPod(node, id));
  }
  for (const id of node.images.listSnapshots()) {
    if (node.containers.has(ownerOfSnapshot(id))) continue;
    await attempt(node, id, () => node.images.releaseSnapshot(id));
  }
}

async function removeOwnPod(node: Node, id: string): Promise<void> {
  await node.sandboxes.remove(id);
  node.pods.remove(id);
}

/** One that cannot be removed now keeps nobody from starting. */
async function attempt(node: Node, id: string, remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
    node.log.info({ id }, 'removed what an earlier runtime left');
  } catch (error) {
    if (!isDomainError(error, 'notFound')) node.log.error({ err: error, id }, 'cannot be removed');
  }
}

import { statusOfContainer, removeContainer } from './container/container-life.ts';
import { summaryOf } from './container/container-summary.ts';
import type { System } from './generated/keelson.ts';
import type { Handlers } from './grpc/grpc-server.ts';
import { findImage, imageSummary } from './image/image-calls.ts';
import type { Node } from './node.ts';
import { nanoseconds } from './selection.ts';

/** The calls about the whole machine. */
export function systemCalls(node: Node): Handlers<typeof System> {
  return {
    Information: async () => ({ json: Buffer.from(JSON.stringify(information(node))) }),
    Events: async function* ({ since, until }, { signal }) {
      const untilMs = until / 1e6;
      const end = untilMs > 0 ? AbortSignal.timeout(Math.max(0, untilMs - Date.now())) : undefined;
      const stop = end === undefined ? signal : AbortSignal.any([signal, end]);
      for await (const event of node.events.follow(since / 1e6, stop)) {
        if (untilMs > 0 && event.atMs > untilMs) return;
        const { type, action, id, atMs, attributes } = event;
        yield { type, action, id, at: nanoseconds(atMs), attributes };
      }
    },
    DiskUse: async () => {
      const use = await node.images.diskUse();
      return {
        images: use.images.map(({ id, sharedBytes, uniqueBytes }) => ({
          image: imageSummary(node, findImage(node, id)),
          shared_bytes: sharedBytes,
          unique_bytes: uniqueBytes,
        })),
        containers: use.snapshots
          .filter(({ id }) => node.containers.has(id))
          .map(({ id, bytes }) => ({
            container: summaryOf(node, node.containers.get(id)),
            bytes,
          })),
        reclaimable_bytes: use.reclaimableBytes,
      };
    },
    Prune: async ({ containers, images, all_images }) => {
      const removed = containers ? await pruneContainers(node) : [];
      const pruned = images
        ? await node.images.prune({ all: all_images })
        : { removed: [], freedBytes: 0 };
      return { containers: removed, images: pruned.removed, freed_bytes: pruned.freedBytes };
    },
  };
}

async function pruneContainers(node: Node): Promise<string[]> {
  const ended = node.containers
    .list()
    .filter((record) => record.owner === 'cli')
    .filter((record) => ['exited', 'created'].includes(statusOfContainer(node, record).state));
  for (const record of ended) await removeContainer(node, record, { volumes: false });
  return ended.map(({ id }) => id);
}

function information(node: Node): object {
  const states = node.containers.list().map((record) => statusOfContainer(node, record).state);
  const count = (state: string): number => states.filter((item) => item === state).length;
  return {
    Version: node.settings.version,
    Containers: states.length,
    ContainersRunning: count('running'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('exited'),
    Pods: node.pods.list().length,
    Images: node.images.list().length,
    RootFolder: node.settings.rootFolder,
    CgroupParent: node.settings.cgroupParent,
    AppArmor: node.machine.appArmor,
    Capabilities: node.machine.ownCapabilities,
  };
}

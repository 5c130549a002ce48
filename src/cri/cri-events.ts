import { podStatusMessage } from './pod/cri-pods.ts';
import { containerStatusMessage } from './container/cri-containers.ts';
import { containersOf } from './pod/pod-life.ts';
import { ContainerEventType, type RuntimeService } from './generated/runtime.ts';
import type { Handlers } from './grpc/grpc-server.ts';
import type { Node } from './node.ts';
import { nanoseconds } from './selection.ts';

const typeOfAction: Readonly<Record<string, number>> = {
  create: ContainerEventType.CONTAINER_CREATED_EVENT,
  start: ContainerEventType.CONTAINER_STARTED_EVENT,
  die: ContainerEventType.CONTAINER_STOPPED_EVENT,
  destroy: ContainerEventType.CONTAINER_DELETED_EVENT,
};

/**
 * What an evented kubelet follows in place of listing every second. Pods have events of their own,
 * with the pod's id as the container's: a kubelet knows of a pod without containers by these alone.
 */
export function eventHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    GetContainerEvents: async function* (_request, { signal }) {
      for await (const { id, action, atMs, pod } of node.events.follow(0, signal)) {
        const type = typeOfAction[action];
        if (type === undefined || pod?.owner !== 'cri') continue;
        yield {
          container_id: id,
          container_event_type: type,
          created_at: nanoseconds(atMs),
          pod_sandbox_status: podStatusMessage(node, pod),
          containers_statuses: containersOf(node, pod.id).map((record) =>
            containerStatusMessage(node, record),
          ),
        };
      }
    },
  };
}

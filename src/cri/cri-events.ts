import { podStatusMessage } from './pod/cri-pods.ts';
import { containerStatusMessage } from './container/cri-containers.ts';
import { containersOf } from './pod/pod-life.ts';
import { ContainerEventType, type RuntimeService } from './generated/runtime.ts';
import type { Handlers } from './grpc/grpc-server.ts';
import type { Node } from './node.ts';
import { nanoseconds } from './selection.ts';

const typeOfKind: Readonly<Record<string, number>> = {
  created: ContainerEventType.CONTAINER_CREATED_EVENT,
  started: ContainerEventType.CONTAINER_STARTED_EVENT,
  exited: ContainerEventType.CONTAINER_STOPPED_EVENT,
  removed: ContainerEventType.CONTAINER_DELETED_EVENT,
};

/** What an evented kubelet follows in place of listing every second. */
export function eventHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    GetContainerEvents: async function* (_request, { signal }) {
      for await (const event of node.engine.events(signal)) {
        const type = typeOfKind[event.kind];
        if (type === undefined || !node.pods.has(event.podId)) continue;
        const pod = node.pods.get(event.podId);
        if (pod.owner !== 'cri') continue;
        yield {
          container_id: event.containerId,
          container_event_type: type,
          created_at: nanoseconds(event.atMs),
          pod_sandbox_status: podStatusMessage(node, pod),
          containers_statuses: containersOf(node, pod.id).map((record) =>
            containerStatusMessage(node, record),
          ),
        };
      }
    },
  };
}

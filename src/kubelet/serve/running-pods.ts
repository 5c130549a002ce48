import type { JsonObject } from '../../api/json.ts';
import { ContainerState, PodSandboxState } from '../../cri/generated/runtime.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';

/** What runs, as the runtime says, whatever is known of its pods. */
export async function runningPods(runtime: ContainerRuntime): Promise<JsonObject> {
  const [sandboxes, containers] = await Promise.all([
    runtime.listPods({ state: { state: PodSandboxState.SANDBOX_READY } }),
    runtime.listContainers({ state: { state: ContainerState.CONTAINER_RUNNING } }),
  ]);
  const items = sandboxes.map(({ id, metadata }) => ({
    metadata: {
      name: metadata?.name ?? '',
      namespace: metadata?.namespace ?? '',
      uid: metadata?.uid ?? '',
    },
    spec: {
      containers: containers
        .filter((container) => container.pod_sandbox_id === id)
        .map((container) => ({
          name: container.metadata?.name ?? '',
          image: container.image?.image ?? '',
          resources: {},
        })),
    },
    status: {},
  }));
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}

import { DomainError } from '../../base/error.ts';
import { statusOfContainer } from '../container/container-life.ts';
import type { ContainerRecord } from '../container/container-record.ts';
import type { RuntimeService } from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Node } from '../node.ts';
import { checkpointContainer } from './checkpoint-container.ts';
import { checkpointPod } from './checkpoint-pod.ts';
import { restorePod } from './restore-pod.ts';

/**
 * Checkpoints. What the request itself gets wrong is refused first, as any runtime would say it,
 * then what the machine lacks.
 */
export function checkpointHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    CheckpointContainer: async ({ container_id, location, timeout }, { signal }) => {
      const record = node.containers.find(container_id);
      checkPath('location', location);
      checkRunning(node, record);
      const timeoutMs = Math.max(0, timeout) * 1000;
      await checkpointContainer(node, { record, location, timeoutMs, signal });
      return {};
    },
    CheckpointPod: async (request, { signal }) => {
      const pod = node.pods.find(request.pod_sandbox_id);
      checkPath('output_path', request.output_path);
      await checkpointPod(node, pod, { request, signal });
      return {};
    },
    RestorePod: async (request, { signal }) => {
      checkPath('checkpoint_path', request.checkpoint_path);
      const { podId, containers } = await restorePod(node, request, signal);
      const restored_containers = containers.map(({ name, id }) => ({ name, container_id: id }));
      return { pod_sandbox_id: podId, restored_containers };
    },
  };
}

function checkPath(field: string, path: string): void {
  if (path.startsWith('/') && !path.includes('\0')) return;
  throw new DomainError('invalid', `${field} "${path}" is not an absolute path`);
}

function checkRunning(node: Node, record: ContainerRecord): void {
  const { state } = statusOfContainer(node, record);
  if (state === 'running' || state === 'paused') return;
  throw new DomainError('conflict', `Container "${record.id}" is not running (${state})`);
}

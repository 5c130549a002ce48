import { DomainError } from '../../base/error.ts';
import { statusOfContainer } from '../container/container-life.ts';
import { criuProblem } from './criu.ts';
import type { RuntimeService } from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Node } from '../node.ts';

/**
 * Checkpoints, which are refused with what is in their way: first what the request itself gets
 * wrong, as any runtime would say it, then what the machine lacks, and at last keelson.
 */
export function checkpointHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    CheckpointContainer: async ({ container_id, location }, { signal }) => {
      const record = node.containers.find(container_id);
      checkPath('location', location);
      const { state } = statusOfContainer(node, record);
      if (state !== 'running') {
        throw new DomainError('conflict', `Container "${record.id}" is not running (${state})`);
      }
      throw await refusal(`checkpoint container "${record.id}"`, signal);
    },
    CheckpointPod: async ({ pod_sandbox_id, output_path }, { signal }) => {
      const { id } = node.pods.find(pod_sandbox_id);
      checkPath('output_path', output_path);
      throw await refusal(`checkpoint pod "${id}"`, signal);
    },
    RestorePod: async ({ checkpoint_path }, { signal }) => {
      checkPath('checkpoint_path', checkpoint_path);
      throw await refusal('restore a pod', signal);
    },
  };
}

function checkPath(field: string, path: string): void {
  if (path.startsWith('/') && !path.includes('\0')) return;
  throw new DomainError('invalid', `${field} "${path}" is not an absolute path`);
}

async function refusal(what: string, signal: AbortSignal): Promise<DomainError> {
  const problem = await criuProblem(signal);
  const why = problem ?? 'criu works on this machine, and keelson has no use of it yet';
  return new DomainError('unsupported', `Cannot ${what}: ${why}`);
}

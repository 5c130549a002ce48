import { type ApiClient, nameOf, type Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import type { Json } from '../../api/json.ts';
import { ApiError } from '../../api/status.ts';
import { writeTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';

export interface PodReport {
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  /** Undefined leaves it; empty takes it away. */
  readonly nominatedNodeName?: string | undefined;
}

/**
 * Says in the pod's status why it has no node. Says nothing that is there already, nor of a pod
 * that is gone or is another one of its name by now.
 */
export async function reportPod(
  client: ApiClient,
  pod: Stored<Pod>,
  report: PodReport & { readonly nowMs: number },
): Promise<void> {
  const { reason, message, nominatedNodeName, nowMs } = report;
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const told = known?.status === 'False' && known.reason === reason && known.message === message;
  const nominated = pod.status?.nominatedNodeName ?? '';
  const renames = nominatedNodeName !== undefined && nominatedNodeName !== nominated;
  if (told && !renames) return;
  const time = writeTime(Math.floor(nowMs / 1000));
  const lastTransitionTime = known?.status === 'False' ? (known.lastTransitionTime ?? time) : time;
  const condition = { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime };
  const nomination: Readonly<Record<string, Json>> = renames
    ? { nominatedNodeName: nominatedNodeName === '' ? null : nominatedNodeName }
    : {};
  const { uid } = pod.metadata;
  const document = { metadata: { uid }, status: { conditions: [condition], ...nomination } };
  try {
    const patch = { type: 'strategic', subresource: 'status', document } as const;
    await client.patch(resources.pods, nameOf(pod), patch);
  } catch (error) {
    if (error instanceof ApiError && ['NotFound', 'Conflict'].includes(error.reason)) return;
    throw error;
  }
}

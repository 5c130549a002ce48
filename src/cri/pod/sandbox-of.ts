import { isDomainError } from '../../base/error.ts';
import type { PodSandboxStatus } from '../../sandbox/sandbox-service.ts';
import type { PodRecord } from '../container/container-record.ts';
import type { Node } from '../node.ts';

/** Undefined where a reboot took it. */
export function sandboxOf(node: Node, pod: PodRecord): PodSandboxStatus | undefined {
  try {
    return node.sandboxes.status(pod.id);
  } catch (error) {
    if (isDomainError(error, 'notFound')) return undefined;
    throw error;
  }
}

import type { Pod } from '../../api/types/generated/core-v1.ts';
import { newestOf, type ObservedContainer, type ObservedPod } from '../runtime/observed-pod.ts';
import { containersOf, type PodContainer } from './pod-containers.ts';

/** Whether an ended container is to be started again. */
export function restarts(
  { spec }: Pod,
  { role, container }: PodContainer,
  { exitCode }: ObservedContainer,
): boolean {
  if (role === 'ephemeral') return false;
  if (role === 'sidecar') return true;
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false;
    const matches = exitCodes?.operator === 'NotIn' ? !isListed : isListed;
    if (action === 'Restart' && matches) return true;
  }
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  // An init container that succeeded has done its work under any policy.
  if (exitCode === 0) return role === 'main' && policy === 'Always';
  return true;
}

/** Past the init containers: one that is seen in the sandbox was started after them. */
export function isInitialized(pod: Pod, observed: ObservedPod, sandboxId: string): boolean {
  const names = new Set(pod.spec.containers.map(({ name }) => name));
  return observed.containers.some((one) => one.sandboxId === sandboxId && names.has(one.name));
}

/** An init container has failed and is not tried again. */
export function hasFailedInit(pod: Pod, observed: ObservedPod): boolean {
  const [newest] = observed.sandboxes;
  if (newest !== undefined && isInitialized(pod, observed, newest.id)) return false;
  return containersOf(pod).some((what) => {
    if (what.role !== 'init') return false;
    const last = newestOf(observed, what.container.name);
    return last?.state === 'exited' && last.exitCode !== 0 && !restarts(pod, what, last);
  });
}

/** Nothing of the pod will run again by itself; sidecars may still do. */
export function hasEnded(pod: Pod, observed: ObservedPod): boolean {
  if (hasFailedInit(pod, observed)) return true;
  return containersOf(pod).every((what) => {
    if (what.role !== 'main') return true;
    const last = newestOf(observed, what.container.name);
    return last?.state === 'exited' && !restarts(pod, what, last);
  });
}

import { DomainError, messageOf } from '../../base/error.ts';
import { fault } from '../../base/fault.ts';
import type { LivePod } from './live-pod.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { sandboxConfig } from './sandbox-config.ts';

/**
 * Makes the pod's sandbox: cgroup, volumes, network. Its id. Each failure is an event and is
 * thrown.
 */
export async function createSandbox(
  surroundings: PodSurroundings,
  pod: LivePod,
  { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
): Promise<string> {
  const { volumes, events, cgroups, runtime, settings } = surroundings;
  try {
    await cgroups.prepare(pod);
  } catch (error) {
    const message = `failed to create the pod's cgroup: ${messageOf(error)}`;
    events.warn(pod, { reason: 'FailedCreatePodContainer', message });
    throw error;
  }
  try {
    await volumes.prepare(pod, signal);
  } catch (error) {
    if (!signal.aborted) events.warn(pod, { reason: 'FailedMount', message: messageOf(error) });
    throw error;
  }
  signal.throwIfAborted();
  try {
    const config = sandboxConfig(pod, { attempt, cgroup: cgroups.parentOf(pod) }, settings);
    fault('kubelet.sandbox.creating');
    const making = runtime.runPod(config, await handlerOf(surroundings, pod));
    surroundings.images.lookAhead(pod);
    const id = await making;
    fault('kubelet.sandbox.created');
    return id;
  } catch (error) {
    const message = `Failed to create pod sandbox: ${messageOf(error)}`;
    events.warn(pod, { reason: 'FailedCreatePodSandBox', message });
    throw error;
  }
}

async function handlerOf({ objects }: PodSurroundings, pod: LivePod): Promise<string> {
  const { runtimeClassName } = pod.spec;
  if (runtimeClassName === undefined || runtimeClassName === '') return '';
  const found = await objects.runtimeClass(runtimeClassName);
  if (found !== undefined) return found.handler;
  throw new DomainError('notFound', `RuntimeClass "${runtimeClassName}" not found`);
}

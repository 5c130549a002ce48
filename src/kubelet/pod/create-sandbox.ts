import { DomainError, messageOf } from '../../base/error.ts';
import { fault } from '../../base/fault.ts';
import type { UserNamespace } from '../../cri/generated/runtime.ts';
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
    const handler = await handlerOf(surroundings, pod);
    const own =
      pod.spec.hostUsers === false ? await usersOf(surroundings, pod, handler) : undefined;
    const place = { attempt, cgroup: cgroups.parentOf(pod), users: own };
    const config = sandboxConfig(pod, place, settings);
    fault('kubelet.sandbox.creating');
    const making = runtime.runPod(config, handler);
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

/** Root in a pod that asked for users of its own is never the node's for want of support. */
async function usersOf(
  { runtime, users }: PodSurroundings,
  pod: LivePod,
  handler: string,
): Promise<UserNamespace | undefined> {
  const { runtime_handlers: handlers } = await runtime.status(false);
  const features = handlers.find(({ name }) => name === handler)?.features;
  if (features?.user_namespaces === true) return await users.ensure(pod);
  const who = handler === '' ? 'runtime does' : `RuntimeClass handler "${handler}" does`;
  const message = `can't set \`spec.hostUsers: false\`, ${who} not support user namespaces`;
  throw new DomainError('unsupported', message);
}

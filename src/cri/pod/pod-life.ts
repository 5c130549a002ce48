import { isDomainError } from '../../base/error.ts';
import { stopContainer, removeContainer } from '../container/container-life.ts';
import {
  type ContainerRecord,
  podConfigOf,
  type PodRecord,
} from '../container/container-record.ts';
import type { PodSandboxRequest } from '../../sandbox/sandbox-service.ts';
import type { Node } from '../node.ts';
import { networkOf, planPod, tellOfPod } from './run-pod.ts';
import { sandboxOf } from './sandbox-of.ts';

export function containersOf(node: Node, podId: string): ContainerRecord[] {
  return node.containers.list().filter((record) => record.podId === podId);
}

/** Ends all of its containers, then the pod; succeeds when that is done already. */
export function stopPod(node: Node, pod: PodRecord): Promise<void> {
  return node.locks.run(pod.id, async () => {
    const order = { timeoutMs: 0 };
    const stops = containersOf(node, pod.id).map((record) => stopContainer(node, record, order));
    for (const stop of await Promise.allSettled(stops)) {
      // A shim that does not answer ends with the sandbox.
      if (stop.status === 'rejected' && !isDomainError(stop.reason, 'timeout')) throw stop.reason;
    }
    const wasReady = sandboxOf(node, pod)?.state === 'ready';
    await node.sandboxes.stop(pod.id, lostRequest(node, pod));
    if (wasReady) tellOfPod(node, pod, 'die');
  });
}

/** What a pod was run with that a reboot has taken; undefined for others. */
function lostRequest(node: Node, pod: PodRecord): PodSandboxRequest | undefined {
  if (pod.owner !== 'cri' || pod.damaged === true) return undefined;
  if (sandboxOf(node, pod) !== undefined) return undefined;
  const config = podConfigOf(pod);
  return planPod(node, { ...pod, config, network: networkOf(config) });
}

/** Removes it with its containers; succeeds when it is gone. */
export async function removePod(node: Node, pod: PodRecord): Promise<void> {
  await stopPod(node, pod);
  await node.locks.run(pod.id, async () => {
    for (const record of containersOf(node, pod.id)) {
      await removeContainer(node, record, { volumes: true });
    }
    await node.sandboxes.remove(pod.id);
    node.pods.remove(pod.id);
    tellOfPod(node, pod, 'destroy');
  });
}

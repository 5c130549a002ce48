import { createHash } from 'node:crypto';
import type { Container, Pod } from '../../api/types/generated/core-v1.ts';

/**
 * init: ends before the next one starts. sidecar: an init container that keeps running. ephemeral:
 * added to a running pod, by kubectl debug.
 */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral';

export interface PodContainer {
  readonly role: ContainerRole;
  readonly container: Container;
  /** Ephemeral: the container whose processes it sees. */
  readonly target?: string;
}

/** All containers of a pod in the order in which they start. */
export function containersOf({ spec }: Pod): PodContainer[] {
  const initial = (spec.initContainers ?? []).map((container): PodContainer => {
    return { role: container.restartPolicy === 'Always' ? 'sidecar' : 'init', container };
  });
  const main = spec.containers.map((container): PodContainer => ({ role: 'main', container }));
  const ephemeral = (spec.ephemeralContainers ?? []).map((one): PodContainer => {
    const { targetContainerName: target, ...container } = one;
    return {
      role: 'ephemeral',
      container: { ...container, name: container.name ?? '' },
      ...(target !== undefined && target !== '' && { target }),
    };
  });
  return [...initial, ...main, ...ephemeral];
}

/** How events name it: `spec.containers{web}`. */
export function fieldPathOf({ role, container }: PodContainer): string {
  const lists = { init: 'initC', sidecar: 'initC', main: 'c', ephemeral: 'ephemeralC' } as const;
  return `spec.${lists[role]}ontainers{${container.name}}`;
}

/** Changes when a running container has to be replaced; what else may change is not in it. */
export function hashOf({ name, image = '' }: Container): string {
  return createHash('sha256').update(`${name}\n${image}`).digest('hex').slice(0, 8);
}

export function graceOf(pod: Pod): number {
  return pod.spec.terminationGracePeriodSeconds ?? 30;
}

/** `web_default(5f1c…)`, in logs and events. */
export function describePod({ metadata }: Pod): string {
  return `${metadata.name ?? ''}_${metadata.namespace ?? ''}(${metadata.uid ?? ''})`;
}

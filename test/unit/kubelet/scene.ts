import type { Container, Pod, PodSpec } from '../../../src/api/types/generated/core-v1.ts';
import type { LivePod } from '../../../src/kubelet/pod/live-pod.ts';
import type { Situation } from '../../../src/kubelet/pod/plan-pod.ts';
import { hashOf } from '../../../src/kubelet/pod/pod-containers.ts';
import type {
  ObservedContainer,
  ObservedPod,
  ObservedSandbox,
} from '../../../src/kubelet/runtime/observed-pod.ts';
import { annotation } from '../../../src/kubelet/runtime/record.ts';

export const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);

export function podOf(spec: Partial<PodSpec> = {}, status?: Pod['status']): LivePod {
  return {
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'u1',
      resourceVersion: '1',
      creationTimestamp: '2026-01-02T03:00:00Z',
      labels: { app: 'web' },
    },
    spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
    ...(status !== undefined && { status }),
  };
}

export function sandbox(more: Partial<ObservedSandbox> = {}): ObservedSandbox {
  return {
    id: 's0',
    attempt: 0,
    ready: true,
    createdAtMs: nowMs - 60_000,
    addresses: ['10.1.0.5'],
    annotations: {},
    ...more,
  };
}

/** A container that runs, of the image that pods here have. */
export function container(more: Partial<ObservedContainer> = {}): ObservedContainer {
  const name = more.name ?? 'main';
  const attempt = more.attempt ?? 0;
  return {
    id: `${name}${attempt}`,
    sandboxId: 's0',
    name,
    attempt,
    state: 'running',
    createdAtMs: nowMs - 50_000 + attempt,
    startedAtMs: nowMs - 50_000,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    image: 'busybox',
    imageId: 'sha256:1',
    logPath: '',
    messageFile: '',
    ...more,
    annotations: {
      [annotation.hash]: hashOf({ name, image: 'busybox' }),
      ...more.annotations,
    },
  };
}

export function exited(exitCode: number, more: Partial<ObservedContainer> = {}): ObservedContainer {
  return container({ state: 'exited', finishedAtMs: nowMs - 1000, exitCode, ...more });
}

/** Containers newest first, in a sandbox that works unless another is given. */
export function observed(
  containers: readonly ObservedContainer[],
  sandboxes: readonly ObservedSandbox[] = [sandbox()],
): ObservedPod {
  return { uid: 'u1', sandboxes, containers };
}

export function situation(pod: Pod, seen: ObservedPod, more: Partial<Situation> = {}): Situation {
  return {
    pod,
    observed: seen,
    nowMs,
    started: new Set(seen.containers.map(({ id }) => id)),
    condemned: new Map(),
    heldUntilMs: new Map(),
    released: new Set(),
    ...more,
  };
}

export function initContainer(name: string, more: Partial<Container> = {}): Container {
  return { name, image: 'busybox', ...more };
}

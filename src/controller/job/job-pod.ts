import { resources } from '../../api/client/resources.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { podFrom } from '../pod-control.ts';
import { isFinished, isReady, isTerminating, podCondition } from '../pod-state.ts';
import type { Job, Pod } from '../stored.ts';

/** Keeps a pod until its end was counted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count';
export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === 'Indexed';
}

export function isTracked({ metadata }: Pod): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) === true;
}

export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexAnnotation];
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** How often its index had failed before it. */
export function failureCountOf({ metadata }: Pod): number {
  const text = metadata.annotations?.[failureCountAnnotation] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

export function hasSucceeded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded';
}

/** Ended without success; on its way out counts too, unless the job waits for the very end. */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (job.spec.podReplacementPolicy === 'Failed' || hasSucceeded(pod)) return false;
  return isTerminating(pod);
}

export function isRunning(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

export function isRunningReady(pod: Pod): boolean {
  return isRunning(pod) && isReady(pod);
}

/** When a pod ended, as far as anybody said. */
export function endedAtMs(pod: Pod): number {
  const times = (pod.status?.containerStatuses ?? []).flatMap(
    ({ state }) => state?.terminated?.finishedAt ?? [],
  );
  const fallback =
    pod.metadata.deletionTimestamp ??
    podCondition(pod, 'Ready')?.lastTransitionTime ??
    pod.metadata.creationTimestamp;
  return Math.max(...(times.length > 0 ? times : [fallback]).map((time) => Date.parse(time)));
}

/** A pod of the job; with an index it knows its index, and its name and host name tell it. */
export function describePod(job: Job, index: number | undefined, failures?: number): coreV1.Pod {
  const pod = podFrom({ resource: resources.jobs, owner: job, source: '' }, job.spec.template);
  const finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } };
  const { name } = job.metadata;
  const text = String(index);
  return {
    metadata: {
      ...pod.metadata,
      finalizers,
      generateName: `${name.slice(0, 50)}-${text}-`,
      labels: { ...pod.metadata.labels, [indexAnnotation]: text },
      annotations: {
        ...pod.metadata.annotations,
        [indexAnnotation]: text,
        ...(failures !== undefined && { [failureCountAnnotation]: String(failures) }),
      },
    },
    spec: {
      ...pod.spec,
      hostname: `${name.slice(0, 62 - text.length)}-${text}`,
      containers: pod.spec.containers.map(withIndex),
      ...(pod.spec.initContainers !== undefined && {
        initContainers: pod.spec.initContainers.map(withIndex),
      }),
    },
  };
}

function withIndex(container: coreV1.Container): coreV1.Container {
  const name = 'JOB_COMPLETION_INDEX';
  if (container.env?.some((entry) => entry.name === name) === true) return container;
  const fieldPath = `metadata.labels['${indexAnnotation}']`;
  const entry = { name, valueFrom: { fieldRef: { fieldPath } } };
  return { ...container, env: [...(container.env ?? []), entry] };
}

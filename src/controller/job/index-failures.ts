import type { Job, Pod } from '../stored.ts';
import { judge } from './failure-policy.ts';
import { parseIndexes } from './indexes.ts';
import { endedAtMs, failureCountOf, hasFailed, indexOf } from './job-pod.ts';

const firstBackOffMs = 10_000;
const longestBackOffMs = 600_000;

/** Each index has failures of its own, and one that has too many gives up alone. */
export function isCountedByIndex({ spec }: Job): boolean {
  return spec.backoffLimitPerIndex !== undefined;
}

/** Indexes that have given up, as the status has noted them. */
export function knownFailedIndexes({ spec, status }: Job): Set<number> {
  return parseIndexes(status?.failedIndexes ?? '', spec.completions ?? 0);
}

/** Whether this pod's failure is the last one of its index. */
export function givesUp(job: Job, pod: Pod, action: ReturnType<typeof judge>['action']): boolean {
  if (!isCountedByIndex(job) || action === 'Ignore') return false;
  return action === 'FailIndex' || failureCountOf(pod) >= (job.spec.backoffLimitPerIndex ?? 0);
}

/** What the next pod of an index knows of those before it. */
export interface IndexHistory {
  readonly failures: number;
  /** How long it waits. */
  readonly waitMs: number;
}

export function historyOf(
  job: Job,
  pods: readonly Pod[],
  { index, nowMs }: { readonly index: number; readonly nowMs: number },
): IndexHistory {
  const failed = pods.filter((pod) => indexOf(pod) === index && hasFailed(pod, job));
  const failures = Math.max(
    0,
    ...failed.map((pod) => failureCountOf(pod) + (judge(job, pod).action === 'Ignore' ? 0 : 1)),
  );
  if (failures === 0) return { failures, waitMs: 0 };
  const last = Math.max(...failed.map(endedAtMs));
  const delayMs = Math.min(firstBackOffMs * 2 ** Math.min(failures - 1, 20), longestBackOffMs);
  return { failures, waitMs: Math.max(0, last + delayMs - nowMs) };
}

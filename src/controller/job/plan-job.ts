import type { JobStatus } from '../../api/types/generated/batch-v1.ts';
import { findCondition } from '../condition.ts';
import type { Job, Pod } from '../stored.ts';
import { judge } from './failure-policy.ts';
import { givesUp, historyOf, isCountedByIndex, knownFailedIndexes } from './index-failures.ts';
import { formatIndexes, parseIndexes } from './indexes.ts';
import {
  endedAtMs,
  hasFailed,
  hasSucceeded,
  indexOf,
  isIndexed,
  isRunning,
  isRunningReady,
  isTracked,
} from './job-pod.ts';
import { metSuccessRule } from './success-policy.ts';

/** How a job ended, or is to end. */
export interface Ending {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** What is known of a job's pods, with those whose end is counted only now. */
export interface Tally {
  /** Ended, still held, and not yet noted in the status: to be noted, then let go. */
  readonly note: readonly Pod[];
  /** Held pods that may be let go once the status has noted them. */
  readonly release: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  readonly done: ReadonlySet<number>;
  /** Indexes that have given up. */
  readonly failedIndexes: ReadonlySet<number>;
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: readonly Pod[];
  readonly verdict: string | undefined;
}

/** So many ends are noted at once, which keeps a status small. */
const mostNoted = 500;

/**
 * Counts each pod's end once. An end is first noted in the status by its pod's uid, then the pod
 * is let go, and when it is gone or free the note becomes a count: whatever dies in between, the
 * next one who looks knows where it was.
 */
export function tally(job: Job, pods: readonly Pod[]): Tally {
  const status = job.status ?? {};
  const held = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const before = status.uncountedTerminatedPods ?? {};
  const [succeededNow, succeededLeft] = split(before.succeeded ?? [], held);
  const [failedNow, failedLeft] = split(before.failed ?? [], held);
  const noted = new Set([...succeededLeft, ...failedLeft]);
  const completions = job.spec.completions ?? 0;
  const done = parseIndexes(status.completedIndexes ?? '', completions);
  const failedIndexes = knownFailedIndexes(job);
  const uncounted = { succeeded: [...succeededLeft], failed: [...failedLeft] };
  const note: Pod[] = [];
  let verdict: string | undefined;
  for (const pod of pods) {
    if (!isTracked(pod) || noted.has(pod.metadata.uid) || note.length >= mostNoted) continue;
    if (hasSucceeded(pod)) {
      note.push(pod);
      const index = indexOf(pod);
      if (!isIndexed(job)) uncounted.succeeded.push(pod.metadata.uid);
      else if (index !== undefined && index < completions) done.add(index);
    } else if (hasFailed(pod, job)) {
      note.push(pod);
      const { action, message } = judge(job, pod);
      if (action === 'FailJob') verdict ??= message;
      if (action !== 'Ignore') uncounted.failed.push(pod.metadata.uid);
      const index = indexOf(pod);
      if (index !== undefined && givesUp(job, pod, action)) failedIndexes.add(index);
    }
  }
  for (const index of done) failedIndexes.delete(index);
  const counted = (status.succeeded ?? 0) + succeededNow.length;
  return {
    note,
    release: pods.filter((pod) => isTracked(pod) && noted.has(pod.metadata.uid)),
    succeeded: isIndexed(job) ? done.size : counted,
    failed: (status.failed ?? 0) + failedNow.length,
    done,
    failedIndexes,
    uncounted,
    active: pods.filter(isRunning),
    ready: pods.filter(isRunningReady).length,
    terminating: pods.filter(
      (pod) => pod.metadata.deletionTimestamp !== undefined && !hasSucceeded(pod),
    ),
    verdict,
  };
}

/** Successes and failures, those noted but not yet counted included. */
export function totals(job: Job, { succeeded, failed, uncounted }: Tally) {
  return {
    succeeded: succeeded + (isIndexed(job) ? 0 : uncounted.succeeded.length),
    failed: failed + uncounted.failed.length,
  };
}

/** Whether the job has come to its end, one way or the other. */
export function endingOf(job: Job, counts: Tally, nowMs: number): Ending | undefined {
  const { spec } = job;
  const { succeeded, failed } = totals(job, counts);
  const known = findCondition(job.status?.conditions, 'FailureTarget');
  if (known !== undefined) return failing(known.reason ?? '', known.message ?? '');
  const met = findCondition(job.status?.conditions, 'SuccessCriteriaMet');
  if (met !== undefined) return completing(met.reason ?? '', met.message ?? '');
  if (counts.verdict !== undefined) return failing('PodFailurePolicy', counts.verdict);
  if (failed > (spec.backoffLimit ?? 6) || restartsExceed(job, counts.active)) {
    return failing('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadline = deadlineInMs(job, nowMs);
  if (deadline !== undefined && deadline <= 0) {
    return failing('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  return endingByIndexes(job, counts) ?? endingByCounts(job, counts, succeeded);
}

/** What the policies of indexed jobs say. */
function endingByIndexes(job: Job, counts: Tally): Ending | undefined {
  const { spec } = job;
  const { failedIndexes, done, active } = counts;
  if (failedIndexes.size > (spec.maxFailedIndexes ?? Number.POSITIVE_INFINITY)) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return failing('MaxFailedIndexesExceeded', message);
  }
  const rule = metSuccessRule(job, done);
  if (rule !== undefined) return completing('SuccessPolicy', rule);
  const isOver = done.size + failedIndexes.size >= (spec.completions ?? 0) && active.length === 0;
  return failedIndexes.size > 0 && isOver
    ? failing('FailedIndexes', 'Job has failed indexes')
    : undefined;
}

function endingByCounts({ spec }: Job, counts: Tally, succeeded: number): Ending | undefined {
  const complete =
    spec.completions === undefined
      ? succeeded > 0 && counts.active.length === 0
      : succeeded >= spec.completions && counts.active.length === 0;
  if (!complete) return undefined;
  return completing('CompletionsReached', 'Reached expected number of succeeded pods');
}

function completing(reason: string, message: string): Ending {
  return { type: 'Complete', reason, message };
}

function failing(reason: string, message: string): Ending {
  return { type: 'Failed', reason, message };
}

/** How long the job may go on; undefined without a limit. */
export function deadlineInMs({ spec, status }: Job, nowMs: number): number | undefined {
  const { activeDeadlineSeconds } = spec;
  if (activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined;
  if (spec.suspend === true) return undefined;
  return Date.parse(status.startTime) + activeDeadlineSeconds * 1000 - nowMs;
}

/** Pods that restart in place count their restarts. */
function restartsExceed({ spec }: Job, active: readonly Pod[]): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = active
    .flatMap(({ status }) => [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  const limit = spec.backoffLimit ?? 6;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

const firstBackOffMs = 10_000;
const longestBackOffMs = 600_000;

/** After failures in a row the next pod waits, twice as long each time. */
export function backOffMs(job: Job, pods: readonly Pod[], nowMs: number): number {
  const lastSuccess = Math.max(0, ...pods.filter(hasSucceeded).map(endedAtMs));
  const failures = pods
    .filter((pod) => hasFailed(pod, job) && judge(job, pod).action !== 'Ignore')
    .map(endedAtMs)
    .filter((time) => time > lastSuccess);
  if (failures.length === 0) return 0;
  const wait = firstBackOffMs * 2 ** Math.min(failures.length - 1, 20);
  return Math.max(0, Math.max(...failures) + Math.min(wait, longestBackOffMs) - nowMs);
}

/** How many pods shall run now. */
export function wantedActive(job: Job, counts: Tally): number {
  const { parallelism = 1, completions } = job.spec;
  const { succeeded } = totals(job, counts);
  if (completions === undefined) return succeeded > 0 ? counts.active.length : parallelism;
  const left = completions - succeeded - counts.failedIndexes.size;
  return Math.min(parallelism, Math.max(0, left));
}

/** The pods to make now, and how long until there may be more. */
export function nextPods(
  job: Job,
  counts: Tally,
  now: { readonly pods: readonly Pod[]; readonly missing: number; readonly nowMs: number },
): { readonly next: readonly NextPod[]; readonly waitMs: number | undefined } {
  const { pods, missing, nowMs } = now;
  if (isCountedByIndex(job)) return nextByIndex(job, counts, now);
  const wait = backOffMs(job, pods, nowMs);
  if (wait > 0) return { next: [], waitMs: wait };
  if (!isIndexed(job))
    return { next: Array.from({ length: missing }, () => ({})), waitMs: undefined };
  const next = nextIndexes(job, counts, missing).map((index) => ({ index }));
  return { next, waitMs: undefined };
}

interface NextPod {
  readonly index?: number;
  /** Of its index, before it. */
  readonly failures?: number;
}

/** One index that waits keeps no other one waiting. */
function nextByIndex(
  job: Job,
  counts: Tally,
  { pods, missing, nowMs }: Parameters<typeof nextPods>[2],
): ReturnType<typeof nextPods> {
  const next: NextPod[] = [];
  const waits: number[] = [];
  for (const index of nextIndexes(job, counts, job.spec.completions ?? 0)) {
    if (next.length >= missing) break;
    const { failures, waitMs } = historyOf(job, pods, { index, nowMs });
    if (waitMs > 0) waits.push(waitMs);
    else next.push({ index, failures });
  }
  return { next, waitMs: waits.length === 0 ? undefined : Math.min(...waits) };
}

/** The lowest indexes that nobody has done or is at. */
function nextIndexes(
  job: Job,
  { done, failedIndexes, active, terminating }: Tally,
  count: number,
): readonly number[] {
  const waits = job.spec.podReplacementPolicy === 'Failed' ? terminating : [];
  const taken = new Set([...active, ...waits].map(indexOf));
  const indexes: number[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && indexes.length < count; index += 1) {
    if (!done.has(index) && !failedIndexes.has(index) && !taken.has(index)) indexes.push(index);
  }
  return indexes;
}

/** The status with its counts; conditions and times are added by who knows them. */
export function countedStatus(job: Job, counts: Tally): JobStatus {
  const { uncounted, done, active, ready, terminating } = counts;
  const { succeeded, failed } = uncounted;
  return {
    ...job.status,
    active: present(active.length),
    ready: ready,
    terminating: terminating.length,
    succeeded: present(counts.succeeded),
    failed: present(counts.failed),
    ...(isCountedByIndex(job) && { failedIndexes: formatIndexes(counts.failedIndexes) }),
    completedIndexes: isIndexed(job) && done.size > 0 ? formatIndexes(done) : undefined,
    uncountedTerminatedPods: {
      ...(succeeded.length > 0 && { succeeded }),
      ...(failed.length > 0 && { failed }),
    },
  };
}

function split(uids: readonly string[], held: ReadonlySet<string>): [string[], string[]] {
  return [uids.filter((uid) => !held.has(uid)), uids.filter((uid) => held.has(uid))];
}

/** The API leaves zeros out. */
function present(number: number): number | undefined {
  return number === 0 ? undefined : number;
}

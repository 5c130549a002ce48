import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { readLabelSelector } from '../../api/selector/label-selector.ts';
import type * as batchV1 from '../../api/types/generated/batch-v1.ts';
import type { Cluster } from '../cluster.ts';
import { findCondition, withCondition } from '../condition.ts';
import type { Controller } from '../control-loop.ts';
import { claim, controllerOf, ownersOf } from '../owner.ts';
import { createPod, deletePod, isEnding, slowStart } from '../pod-control.ts';
import { podsOf } from '../pods.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { choose } from '../replica-set.ts';
import type { Job, Pod } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { describePod, isTracked, trackingFinalizer } from './job-pod.ts';
import * as plan from './plan-job.ts';

const source = 'job-controller';
const burst = 500;

/** Runs pods until enough of them have succeeded. */
export class JobController implements Controller {
  readonly name = source;
  readonly #cluster: Cluster;
  readonly #jobs;
  readonly #pods;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#jobs = cluster.informer(resources.jobs);
    this.#pods = podsOf(cluster);
  }

  get needs() {
    return [this.#jobs, this.#pods];
  }

  watch(queue: WorkQueue): void {
    this.#jobs.onChange((now, before) => {
      const object = now ?? before;
      if (object !== undefined) queue.add(keyOf(object));
    });
    this.#pods.onChange((now, before) => {
      for (const key of ownersOf(this.#jobs, now, before)) queue.add(key);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const job = this.#jobs.getByKey(key);
    const [namespace = '', name = ''] = key.split('/');
    if (job === undefined) return await this.#freeOrphans(namespace, name);
    const pods = await this.#claimed(job);
    if (endOf(job) !== undefined) return await this.#outlive(job, pods);
    if (job.metadata.deletionTimestamp !== undefined) {
      await this.#release(pods);
      return undefined;
    }
    await this.#settleNotes(job, pods);
    return await this.#advance(job, pods);
  }

  /** Pods whose job is gone are held for nothing. */
  async #freeOrphans(namespace: string, name: string): Promise<undefined> {
    const held = this.#pods.list(namespace).filter((pod) => {
      const reference = controllerOf(pod);
      return reference?.kind === 'Job' && reference.name === name && isTracked(pod);
    });
    if (held.length === 0 || (await this.#jobs.refresh(namespace, name)) !== undefined) return;
    await this.#release(held);
  }

  async #claimed(owner: Job): Promise<Pod[]> {
    return await claim(this.#cluster, {
      ownerResource: resources.jobs,
      owner,
      selector: readLabelSelector(owner.spec.selector),
      resource: resources.pods,
      candidates: [
        ...this.#pods.find('owner', owner.metadata.uid),
        ...this.#pods.find('orphan', owner.metadata.namespace ?? ''),
      ],
    });
  }

  /** A finished job lets its pods go, and goes itself when its time is up. */
  async #outlive(job: Job, pods: readonly Pod[]): Promise<number | undefined> {
    await this.#release(pods);
    const { ttlSecondsAfterFinished: seconds } = job.spec;
    const since = endOf(job)?.lastTransitionTime;
    if (seconds === undefined || since === undefined) return undefined;
    if (job.metadata.deletionTimestamp !== undefined) return undefined;
    const left = Date.parse(since) + seconds * 1000 - this.#cluster.now();
    if (left > 0) return left;
    const propagationPolicy = 'Foreground';
    await this.#cluster.delete(resources.jobs, job, { propagationPolicy, unchanged: true });
    return undefined;
  }

  /** A noted pod that nobody sees may have gone, or not have been told of yet. */
  async #settleNotes({ status, metadata }: Job, pods: readonly Pod[]): Promise<void> {
    const { succeeded = [], failed = [] } = status?.uncountedTerminatedPods ?? {};
    const seen = new Set(pods.map((pod) => pod.metadata.uid));
    if ([...succeeded, ...failed].every((uid) => seen.has(uid))) return;
    await this.#pods.refreshAll(metadata.namespace ?? '');
  }

  async #advance(job: Job, pods: readonly Pod[]): Promise<number | undefined> {
    const nowMs = this.#cluster.now();
    const counts = plan.tally(job, pods);
    const ending = plan.endingOf(job, counts, nowMs);
    const suspended = job.spec.suspend === true;
    // What still runs of a job that has ended, well or not, is no longer wanted.
    const paused = ending !== undefined || suspended;
    if (paused) await this.#stop(job, counts.active);
    const managed = paused || !isStarted(job) ? undefined : await this.#manage(job, counts, pods);
    const status = this.#statusOf(job, counts, ending);
    const noted = await this.#write(job, status);
    await this.#release([...counts.note, ...counts.release]);
    // What was let go is counted at the next look, which its own change asks for.
    if (noted !== job && counts.note.length === 0 && ending !== undefined) return 0;
    const waits = [managed, plan.deadlineInMs(noted, nowMs)].filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Math.max(1, Math.min(...waits));
  }

  async #stop(job: Job, active: readonly Pod[]): Promise<void> {
    const by = { resource: resources.jobs, owner: job, source };
    await Promise.all(active.map((pod) => deletePod(this.#cluster, by, pod)));
  }

  /** Makes pods or deletes them; how long until more may be made. */
  async #manage(job: Job, counts: plan.Tally, pods: readonly Pod[]): Promise<number | undefined> {
    const by = { resource: resources.jobs, owner: job, source };
    const wanted = plan.wantedActive(job, counts);
    const nowMs = this.#cluster.now();
    const surplus = choose(counts.active, {
      count: counts.active.length - wanted,
      related: counts.active,
      nowMs,
    });
    await Promise.all(surplus.map((pod) => deletePod(this.#cluster, by, pod)));
    const waits = job.spec.podReplacementPolicy === 'Failed' ? counts.terminating.length : 0;
    const missing = Math.min(wanted - counts.active.length - waits, burst);
    if (missing <= 0) return undefined;
    const { next, waitMs } = plan.nextPods(job, counts, { pods, missing, nowMs });
    await slowStart(next.length, (at) =>
      createPod(this.#cluster, by, describePod(job, next[at]?.index, next[at]?.failures)),
    ).catch((error: unknown) => {
      if (!isEnding(error)) throw error;
    });
    return waitMs;
  }

  #statusOf(job: Job, counts: plan.Tally, ending: plan.Ending | undefined): batchV1.JobStatus {
    const time = this.#cluster.time();
    const status = withSuspension(job, plan.countedStatus(job, counts), time);
    const suspended = job.spec.suspend === true;
    const started =
      status.startTime === undefined && !suspended ? { ...status, startTime: time } : status;
    if (ending === undefined) return started;
    const said = { status: 'True', reason: ending.reason, message: ending.message };
    const times = { lastProbeTime: time, lastTransitionTime: time };
    const target = ending.type === 'Failed' ? 'FailureTarget' : 'SuccessCriteriaMet';
    const conditions = withCondition(started.conditions, { type: target, ...said, ...times });
    const { succeeded, failed } = counts.uncounted;
    const held = counts.note.length + counts.release.length + succeeded.length + failed.length;
    // It has not ended while pods of it are still on their way out.
    const here = counts.active.length + counts.terminating.length;
    if (held > 0 || here > 0) return { ...started, conditions };
    return {
      ...started,
      conditions: withCondition(conditions, { type: ending.type, ...said, ...times }),
      ...(ending.type === 'Complete' && { completionTime: time }),
    };
  }

  async #write(job: Job, status: batchV1.JobStatus): Promise<Job> {
    if (equal(status, job.status)) return job;
    const written = await this.#cluster.updateStatus(resources.jobs, { ...job, status });
    this.#tell(job, written);
    return written;
  }

  #tell(before: Job, now: Job): void {
    const end = endOf(now);
    const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#cluster.events.tell(resources.jobs, now, { source, type, reason, message });
    if (end?.type === 'Complete') tell('Normal', 'Completed', 'Job completed');
    else if (end !== undefined) tell('Warning', end.reason ?? '', end.message ?? '');
    const was = findCondition(before.status?.conditions, 'Suspended')?.status === 'True';
    const is = findCondition(now.status?.conditions, 'Suspended')?.status === 'True';
    if (is && !was) tell('Normal', 'Suspended', 'Job suspended');
    if (was && !is) tell('Normal', 'Resumed', 'Job resumed');
  }

  async #release(pods: readonly Pod[]): Promise<void> {
    await Promise.all(
      pods.filter(isTracked).map(async (pod) => {
        const { uid, resourceVersion, finalizers = [] } = pod.metadata;
        const left = finalizers.filter((word) => word !== trackingFinalizer);
        const metadata = { uid, resourceVersion, finalizers: left.length === 0 ? null : left };
        try {
          const patch = { type: 'merge', document: { metadata } } as const;
          await this.#cluster.patch(resources.pods, pod, patch);
        } catch (error) {
          if (!isRefused(error, 'NotFound')) throw error;
        }
      }),
    );
  }
}

/** The condition with which the job has ended. */
export function endOf({ status }: Job): batchV1.JobCondition | undefined {
  return status?.conditions?.find(
    ({ type, status: value }) => value === 'True' && (type === 'Complete' || type === 'Failed'),
  );
}

/** Its start is on record: only then its deadline counts. */
function isStarted({ status }: Job): boolean {
  return status?.startTime !== undefined;
}

function withSuspension(job: Job, status: batchV1.JobStatus, time: string): batchV1.JobStatus {
  const suspended = job.spec.suspend === true;
  const known = findCondition(status.conditions, 'Suspended');
  if (suspended === (known?.status === 'True')) return status;
  const condition = {
    type: 'Suspended',
    status: suspended ? 'True' : 'False',
    reason: suspended ? 'JobSuspended' : 'JobResumed',
    message: suspended ? 'Job suspended' : 'Job resumed',
    lastProbeTime: time,
    lastTransitionTime: time,
  };
  // A job that goes on starts anew.
  const startTime = suspended ? undefined : time;
  return { ...status, startTime, conditions: withCondition(status.conditions, condition) };
}

import { keyOf, type Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { writeTime } from '../../api/time.ts';
import type * as batchV1 from '../../api/types/generated/batch-v1.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { messageOf } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { endOf } from '../job/controller.ts';
import { controllerReference, isControlledBy, ownersOf } from '../owner.ts';
import { isEnding } from '../pod-control.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { CronJob, Job } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { isTooMany, lastDue } from './due.ts';
import { Schedule } from './schedule.ts';

const source = 'cronjob-controller';
/** A little after the minute, so that clocks that differ by little agree that it has come. */
const marginMs = 100;

/** Makes a job whenever a schedule says so. */
export class CronJobController implements Controller {
  readonly name = source;
  readonly #cluster: Cluster;
  readonly #crons;
  readonly #jobs;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#crons = cluster.informer(resources.cronJobs);
    this.#jobs = cluster.informer(resources.jobs);
  }

  get needs() {
    return [this.#crons, this.#jobs];
  }

  watch(queue: WorkQueue): void {
    this.#crons.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#jobs.onChange((now, before) => {
      for (const key of ownersOf(this.#crons, now, before)) queue.add(key);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const cron = this.#crons.getByKey(key);
    if (cron === undefined) return undefined;
    const jobs = this.#jobs
      .find('owner', cron.metadata.uid)
      .filter((job) => isControlledBy(job, cron));
    await this.#forgetOld(cron, jobs);
    const current = await this.#report(cron, jobs);
    if (current.metadata.deletionTimestamp !== undefined) return undefined;
    if (current.spec.suspend === true) return undefined;
    const schedule = this.#scheduleOf(current);
    if (schedule === undefined) return undefined;
    await this.#start(current, jobs, schedule);
    const nowMs = this.#cluster.now();
    const next = schedule.next(nowMs);
    return next === undefined ? undefined : next - nowMs + marginMs;
  }

  #scheduleOf(cron: CronJob): Schedule | undefined {
    const { schedule, timeZone } = cron.spec;
    try {
      return new Schedule(schedule, timeZone);
    } catch (error) {
      const message = `unparseable schedule: ${schedule} : ${messageOf(error)}`;
      this.#tell(cron, { type: 'Warning', reason: 'UnparseableSchedule', message });
      return undefined;
    }
  }

  /** Which jobs run, as the status says it, and when the last one ended well. */
  async #report(cron: CronJob, jobs: readonly Job[]): Promise<CronJob> {
    const known = new Set((cron.status?.active ?? []).map(({ uid }) => uid));
    for (const job of jobs) {
      const end = endOf(job);
      if (end !== undefined && known.has(job.metadata.uid)) {
        const message = `Saw completed job: ${job.metadata.name}, condition: ${end.type}`;
        this.#tell(cron, { type: 'Normal', reason: 'SawCompletedJob', message });
      }
    }
    const running = jobs.filter((job) => endOf(job) === undefined).toSorted(byAge);
    const succeeded = jobs.flatMap(({ status }) => status?.completionTime ?? []);
    const before = cron.status?.lastSuccessfulTime;
    const lastSuccessfulTime = [...succeeded, ...(before === undefined ? [] : [before])]
      .toSorted()
      .at(-1);
    return await this.#write(cron, {
      ...cron.status,
      active: running.length === 0 ? undefined : running.map(referenceTo),
      lastSuccessfulTime,
    });
  }

  async #write(cron: CronJob, status: batchV1.CronJobStatus): Promise<CronJob> {
    if (equal(status, cron.status ?? {})) return cron;
    return await this.#cluster.updateStatus(resources.cronJobs, { ...cron, status });
  }

  /** Makes the job of the last time that has come, unless it was made or may not be now. */
  async #start(cron: CronJob, jobs: readonly Job[], schedule: Schedule): Promise<void> {
    const nowMs = this.#cluster.now();
    const due = lastDue(cron, schedule, nowMs);
    if (due === undefined) return;
    if (isTooMany(cron, schedule, nowMs)) {
      const message =
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check ' +
        'clock skew';
      this.#tell(cron, { type: 'Warning', reason: 'TooManyMissedTimes', message });
    }
    const name = nameAt(cron, due);
    if (jobs.some((job) => job.metadata.name === name)) return await this.#noteStart(cron, due);
    const running = jobs.filter((job) => endOf(job) === undefined);
    const policy = cron.spec.concurrencyPolicy;
    if (policy === 'Forbid' && running.length > 0) {
      const message =
        'Not starting job because prior execution is running and concurrency policy is Forbid';
      return this.#tell(cron, { type: 'Normal', reason: 'JobAlreadyActive', message });
    }
    if (policy === 'Replace') for (const job of running) await this.#remove(cron, job);
    await this.#make(cron, due);
  }

  /** The name says which time it is for: two who try make one job. */
  async #make(cron: CronJob, due: number): Promise<void> {
    const wanted = describeJob(cron, due);
    const { namespace = '', name = '' } = wanted.metadata;
    try {
      const job = await this.#cluster.create(resources.jobs, wanted);
      const message = `Created job ${job.metadata.name}`;
      this.#tell(cron, { type: 'Normal', reason: 'SuccessfulCreate', message });
      const active = [...(cron.status?.active ?? []), referenceTo(job)];
      await this.#write(cron, { ...cron.status, active, lastScheduleTime: timeOf(due) });
    } catch (error) {
      if (isRefused(error, 'AlreadyExists')) {
        const known = await this.#jobs.refresh(namespace, name);
        if (known !== undefined && isControlledBy(known, cron)) return;
      }
      if (isEnding(error)) return;
      if (!isRefused(error, 'Conflict')) {
        const message = `Error creating job: ${messageOf(error)}`;
        this.#tell(cron, { type: 'Warning', reason: 'FailedCreate', message });
      }
      throw error;
    }
  }

  async #noteStart(cron: CronJob, due: number): Promise<void> {
    await this.#write(cron, { ...cron.status, lastScheduleTime: timeOf(due) });
  }

  /** As many finished jobs stay as the limits say. */
  async #forgetOld(cron: CronJob, jobs: readonly Job[]): Promise<void> {
    const { successfulJobsHistoryLimit: good = 3, failedJobsHistoryLimit: bad = 1 } = cron.spec;
    for (const [type, limit] of [
      ['Complete', good],
      ['Failed', bad],
    ] as const) {
      const finished = jobs
        .filter((job) => endOf(job)?.type === type && job.metadata.deletionTimestamp === undefined)
        .toSorted(byAge);
      const surplus = finished.slice(0, Math.max(0, finished.length - limit));
      for (const job of surplus) await this.#remove(cron, job);
    }
  }

  async #remove(cron: CronJob, job: Job): Promise<void> {
    await this.#cluster.delete(resources.jobs, job, { propagationPolicy: 'Background' });
    const message = `Deleted job ${job.metadata.name}`;
    this.#tell(cron, { type: 'Normal', reason: 'SuccessfulDelete', message });
  }

  #tell(
    cron: CronJob,
    happening: { type: 'Normal' | 'Warning'; reason: string; message: string },
  ): void {
    this.#cluster.events.tell(resources.cronJobs, cron, { source, ...happening });
  }
}

function nameAt({ metadata }: CronJob, due: number): string {
  return `${metadata.name.slice(0, 52)}-${Math.floor(due / 60_000)}`;
}

function describeJob(cron: CronJob, due: number): batchV1.Job {
  const { metadata, spec } = cron.spec.jobTemplate;
  const scheduled = { 'batch.kubernetes.io/cronjob-scheduled-timestamp': timeOf(due) };
  return {
    metadata: {
      namespace: cron.metadata.namespace,
      name: nameAt(cron, due),
      ...(metadata?.labels !== undefined && { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, ...scheduled },
      ownerReferences: [controllerReference(resources.cronJobs, cron)],
    },
    spec: spec ?? { template: {} },
  };
}

function referenceTo({ metadata }: Stored<batchV1.Job>): coreV1.ObjectReference {
  const { namespace, name, uid } = metadata;
  return { kind: 'Job', apiVersion: 'batch/v1', namespace, name, uid };
}

function byAge(a: Job, b: Job): number {
  return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1;
}

function timeOf(timeMs: number): string {
  return writeTime(Math.floor(timeMs / 1000));
}

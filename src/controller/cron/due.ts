import type { CronJob } from '../stored.ts';
import type { Schedule } from './schedule.ts';

const mostMissed = 100;

/** The newest time that has come since the last job was made, if it is not too late for it. */
export function lastDue(cron: CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const due = schedule.last(nowMs, earliestOf(cron, nowMs));
  const deadline = cron.spec.startingDeadlineSeconds;
  if (due === undefined || deadline === undefined) return due;
  return due + deadline * 1000 < nowMs ? undefined : due;
}

/** So many times were missed that something must be wrong. */
export function isTooMany(cron: CronJob, schedule: Schedule, nowMs: number): boolean {
  let time: number | undefined = earliestOf(cron, nowMs);
  for (let missed = 0; missed <= mostMissed; missed += 1) {
    time = schedule.next(time);
    if (time === undefined || time > nowMs) return false;
  }
  return true;
}

function earliestOf({ metadata, spec, status }: CronJob, nowMs: number): number {
  const since = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp);
  const deadline = spec.startingDeadlineSeconds;
  return deadline === undefined ? since : Math.max(since, nowMs - deadline * 1000);
}

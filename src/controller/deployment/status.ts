import type { DeploymentCondition, DeploymentStatus } from '../../api/types/generated/apps-v1.ts';
import { findCondition, withCondition, withoutCondition } from '../condition.ts';
import type { Deployment, ReplicaSet } from '../stored.ts';
import { boundsOf } from './bounds.ts';
import { availableOf, type Rollout, setsOf, totalOf } from './rollout.ts';

export interface Now {
  readonly nowMs: number;
  /** The same, as the API writes it. */
  readonly time: string;
}

type Conditions = readonly DeploymentCondition[];

/** The numbers, and whether enough pods are available. */
export function countsOf(rollout: Rollout, { time }: Now): DeploymentStatus {
  const { deployment, newSet } = rollout;
  const sets = setsOf(rollout);
  const available = sum(sets, availableOf);
  const least = (deployment.spec.replicas ?? 1) - boundsOf(deployment).unavailable;
  const enough = available >= least;
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: present(sum(sets, ({ status }) => status?.replicas ?? 0)),
    updatedReplicas: present(newSet?.status?.replicas ?? 0),
    readyReplicas: present(sum(sets, ({ status }) => status?.readyReplicas ?? 0)),
    availableReplicas: present(available),
    unavailableReplicas: present(Math.max(0, totalOf(sets) - available)),
    collisionCount: deployment.status?.collisionCount,
    conditions: withCondition(
      deployment.status?.conditions,
      conditionOf(time, {
        type: 'Available',
        status: enough ? 'True' : 'False',
        reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        message: enough
          ? 'Deployment has minimum availability.'
          : 'Deployment does not have minimum availability.',
      }),
    ),
  };
}

/** The whole status of a rollout: the numbers, how it comes on, and what its sets fail at. */
export function rolloutStatus(rollout: Rollout, now: Now): DeploymentStatus {
  const status = countsOf(rollout, now);
  const conditions = withFailure(progressOf(rollout, status, now), rollout);
  return { ...status, conditions };
}

function progressOf(rollout: Rollout, status: DeploymentStatus, now: Now): Conditions {
  const { deployment } = rollout;
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return withoutCondition(conditions, 'Progressing');
  const known = findCondition(conditions, 'Progressing');
  const settled = known?.reason === 'NewReplicaSetAvailable';
  if (status.replicas === status.updatedReplicas && settled) return conditions;
  if (isComplete(deployment, status)) {
    return withCondition(conditions, progressing(rollout, 'NewReplicaSetAvailable', now));
  }
  if (isProgressing(deployment, status)) {
    // Its time is that of the last progress, from which the deadline counts.
    const condition = progressing(rollout, 'ReplicaSetUpdated', now);
    const lastTransitionTime =
      known?.status === 'True' ? known.lastTransitionTime : condition.lastTransitionTime;
    const others = withoutCondition(conditions, 'Progressing');
    return [...others, { ...condition, lastTransitionTime }];
  }
  return isTimedOut(deployment, known, now)
    ? withCondition(conditions, progressing(rollout, 'ProgressDeadlineExceeded', now))
    : conditions;
}

const progressWords = {
  NewReplicaSetAvailable: ['True', 'has successfully progressed.'],
  ReplicaSetUpdated: ['True', 'is progressing.'],
  ProgressDeadlineExceeded: ['False', 'has timed out progressing.'],
} as const;

function progressing(
  { deployment, newSet }: Rollout,
  reason: keyof typeof progressWords,
  { time }: Now,
): DeploymentCondition {
  const [status, words] = progressWords[reason];
  const subject =
    newSet === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${newSet.metadata.name}"`;
  return conditionOf(time, { type: 'Progressing', status, reason, message: `${subject} ${words}` });
}

/** All pods are of the newest template, and there are enough, and no others. */
export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

function isProgressing({ status: before = {} }: Deployment, now: DeploymentStatus): boolean {
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    outdated(now) < outdated(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function outdated({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number {
  return replicas - updatedReplicas;
}

function isTimedOut(
  deployment: Deployment,
  known: DeploymentCondition | undefined,
  { nowMs }: Now,
): boolean {
  if (known === undefined || known.reason === 'NewReplicaSetAvailable') return false;
  if (known.reason === 'ProgressDeadlineExceeded') return true;
  return deadlineInMs(deployment, known, nowMs) < 0;
}

/** How long until a rollout without progress has failed; undefined when none is under way. */
export function stuckInMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const known = findCondition(status.conditions, 'Progressing');
  if (!hasDeadline(deployment) || known === undefined || deployment.spec.paused === true) {
    return undefined;
  }
  if (isComplete(deployment, status) || known.reason === 'ProgressDeadlineExceeded') {
    return undefined;
  }
  return Math.max(0, deadlineInMs(deployment, known, nowMs)) + 1000;
}

function deadlineInMs({ spec }: Deployment, known: DeploymentCondition, nowMs: number): number {
  const since = Date.parse(known.lastUpdateTime ?? '');
  return since + (spec.progressDeadlineSeconds ?? 600) * 1000 - nowMs;
}

export function hasDeadline({ spec }: Deployment): boolean {
  const seconds = spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== 2 ** 31 - 1;
}

/** The newest set's failure, else another's. */
function withFailure(conditions: Conditions, { newSet, oldSets }: Rollout): Conditions {
  const sets: readonly (ReplicaSet | undefined)[] = [newSet, ...oldSets];
  const failure = sets
    .flatMap((set) => set?.status?.conditions ?? [])
    .find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure');
  const { lastTransitionTime = '' } = failure;
  return withCondition(conditions, { ...failure, lastUpdateTime: lastTransitionTime });
}

export function conditionOf(
  time: string,
  words: Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>,
): DeploymentCondition {
  return { ...words, lastUpdateTime: time, lastTransitionTime: time };
}

function sum(sets: readonly ReplicaSet[], numberOf: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + numberOf(set), 0);
}

/** The API leaves zeros out. */
function present(number: number): number | undefined {
  return number === 0 ? undefined : number;
}

import type { Deployment, ReplicaSet } from '../stored.ts';
import { boundsOf } from './bounds.ts';
import { desiredOf, maximumOf } from './revision.ts';

/** A deployment and its replica sets: the one of its template, and those of others. */
export interface Rollout {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly oldSets: readonly ReplicaSet[];
}

/** What the size of a replica set shall be. */
export interface Scaling {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** How many pods the set asks for. */
export function sizeOf({ spec }: ReplicaSet): number {
  return spec.replicas ?? 1;
}

export function totalOf(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + sizeOf(set), 0);
}

export function setsOf({ newSet, oldSets }: Rollout): readonly ReplicaSet[] {
  return newSet === undefined ? oldSets : [...oldSets, newSet];
}

/** How large the set of the newest template may be now. */
export function newSize(rollout: Rollout): number {
  const wanted = rollout.deployment.spec.replicas ?? 1;
  if (rollout.deployment.spec.strategy?.type === 'Recreate') return wanted;
  const size = rollout.newSet === undefined ? 0 : sizeOf(rollout.newSet);
  const room = wanted + boundsOf(rollout.deployment).surge - totalOf(setsOf(rollout));
  return room <= 0 ? size : size + Math.min(room, wanted - size);
}

/** The next step from old pods to new ones: more new ones first, fewer old ones when it may. */
export function planRolling(rollout: Rollout): readonly Scaling[] {
  const { deployment, newSet } = rollout;
  const wanted = deployment.spec.replicas ?? 1;
  if (newSet !== undefined && sizeOf(newSet) !== wanted) {
    const replicas = Math.min(wanted, newSize(rollout));
    const size = sizeOf(newSet) > wanted ? wanted : replicas;
    if (size !== sizeOf(newSet)) return [{ set: newSet, replicas: size }];
  }
  return planOldDown(rollout);
}

/**
 * Its status was counted after its size was last changed. An older one may count pods as available
 * that its own controller has just deleted, when a rollout turns back midway.
 */
function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/**
 * Old sets get smaller by what is not needed to have enough pods available: first by pods that
 * are not ready, which nobody misses, oldest sets first.
 */
function planOldDown(rollout: Rollout): readonly Scaling[] {
  const { deployment, newSet } = rollout;
  const oldSets = rollout.oldSets.filter((set) => sizeOf(set) > 0).toSorted(byAge);
  if (oldSets.length === 0 || !setsOf(rollout).every(isObserved)) return [];
  const least = (deployment.spec.replicas ?? 1) - boundsOf(deployment).unavailable;
  const newMissing = newSet === undefined ? 0 : sizeOf(newSet) - availableOf(newSet);
  let spare = totalOf(setsOf(rollout)) - least - newMissing;
  const sizes = new Map(oldSets.map((set) => [set, sizeOf(set)]));
  for (const set of oldSets) {
    const unhealthy = Math.max(0, sizeOf(set) - availableOf(set));
    const fewer = Math.max(0, Math.min(unhealthy, spare));
    sizes.set(set, sizeOf(set) - fewer);
    spare -= fewer;
  }
  const available = setsOf(rollout).reduce((sum, set) => sum + availableOf(set), 0);
  let surplus = Math.min(available - least, spare);
  for (const set of oldSets) {
    const size = sizes.get(set) ?? 0;
    const fewer = Math.max(0, Math.min(size, surplus));
    sizes.set(set, size - fewer);
    surplus -= fewer;
  }
  return [...sizes].flatMap(([set, replicas]) =>
    replicas === sizeOf(set) ? [] : [{ set, replicas }],
  );
}

/** Somebody changed the number of pods, perhaps in the midst of a rollout: all sets share it. */
export function planScaling(rollout: Rollout): readonly Scaling[] {
  const { deployment, newSet, oldSets } = rollout;
  const wanted = deployment.spec.replicas ?? 1;
  const only = activeOrLatest(rollout);
  if (only !== undefined) return [{ set: only, replicas: wanted }];
  if (newSet !== undefined && isSaturated(deployment, newSet)) {
    return oldSets.filter((set) => sizeOf(set) > 0).map((set) => ({ set, replicas: 0 }));
  }
  if (deployment.spec.strategy?.type === 'Recreate') return [];
  return planProportional(rollout);
}

function planProportional(rollout: Rollout): readonly Scaling[] {
  const { deployment } = rollout;
  const wanted = deployment.spec.replicas ?? 1;
  const active = setsOf(rollout).filter((set) => sizeOf(set) > 0);
  const allowed = wanted > 0 ? wanted + boundsOf(deployment).surge : 0;
  const toAdd = allowed - totalOf(active);
  const sorted = active.toSorted(
    (a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)),
  );
  let added = 0;
  const scalings = sorted.map((set) => {
    const share = toAdd === 0 ? 0 : shareOf(deployment, set, toAdd - added);
    added += share;
    return { set, replicas: sizeOf(set) + share };
  });
  // What rounding has left goes to the largest.
  return scalings.map(({ set, replicas }, index) => ({
    set,
    replicas: Math.max(0, index === 0 ? replicas + toAdd - added : replicas),
  }));
}

function shareOf(deployment: Deployment, set: ReplicaSet, left: number): number {
  const wanted = deployment.spec.replicas ?? 1;
  const size = sizeOf(set);
  const whole = maximumOf(set) ?? deployment.status?.replicas ?? 0;
  const allowed = wanted + boundsOf(deployment).surge;
  const share = wanted === 0 || whole === 0 ? -size : Math.round((size * allowed) / whole) - size;
  return left > 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
}

/** The one set that runs pods, or without any the one that would. */
function activeOrLatest({ newSet, oldSets }: Rollout): ReplicaSet | undefined {
  const all = newSet === undefined ? oldSets : [newSet, ...oldSets];
  const active = all.filter((set) => sizeOf(set) > 0);
  if (active.length > 1) return undefined;
  return active[0] ?? newSet ?? oldSets.toSorted(byAge).at(-1);
}

function isSaturated({ spec }: Deployment, newSet: ReplicaSet): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    sizeOf(newSet) === wanted && desiredOf(newSet) === wanted && availableOf(newSet) === wanted
  );
}

/** A set that was sized for another number of pods than the deployment's now. */
export function isScaled(rollout: Rollout): boolean {
  const wanted = rollout.deployment.spec.replicas ?? 1;
  return setsOf(rollout).some((set) => sizeOf(set) > 0 && (desiredOf(set) ?? wanted) !== wanted);
}

export function availableOf({ status }: ReplicaSet): number {
  return status?.availableReplicas ?? 0;
}

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

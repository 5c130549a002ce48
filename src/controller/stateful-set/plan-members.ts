import { isAvailable, isFinished, isTerminating } from '../pod-state.ts';
import type { Pod, Revision, StatefulSet } from '../stored.ts';
import { isHealthy, ordinalOf, revisionOf } from './member.ts';

/** What is to be done for the members of a set now. */
export type Step =
  | { readonly do: 'create'; readonly ordinal: number; readonly revision: Revision }
  | { readonly do: 'delete'; readonly pod: Pod; readonly why: 'surplus' | 'outdated' }
  | { readonly do: 'recreate'; readonly pod: Pod };

export interface Members {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly current: Revision;
  readonly newest: Revision;
  readonly nowMs: number;
}

/**
 * The next steps. In order, a member is only touched when all below it are healthy, and one at a
 * time; in parallel those that are missing or too many come and go at once. Members of an older
 * revision are deleted from the highest number down, one at a time, to come back newer.
 */
export function planMembers(members: Members): readonly Step[] {
  const { set, pods } = members;
  const first = set.spec.ordinals?.start ?? 0;
  const end = first + (set.spec.replicas ?? 1);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod) ?? -1, pod]));
  const steps: Step[] = [];
  const ordered = set.spec.podManagementPolicy !== 'Parallel';
  for (let ordinal = first; ordinal < end; ordinal += 1) {
    const { step, settled } = attend(members, ordinal, byOrdinal.get(ordinal));
    if (step !== undefined) steps.push(step);
    if (!settled && ordered) return steps;
  }
  const surplus = pods
    .filter((pod) => {
      const ordinal = ordinalOf(set, pod);
      return ordinal !== undefined && (ordinal < first || ordinal >= end);
    })
    .toSorted((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
  for (const pod of surplus) {
    if (!isTerminating(pod)) steps.push({ do: 'delete', pod, why: 'surplus' });
    if (ordered) return steps;
  }
  if (steps.length > 0) return steps;
  return planUpdate(members, byOrdinal);
}

function attend(
  members: Members,
  ordinal: number,
  pod: Pod | undefined,
): { readonly step?: Step; readonly settled: boolean } {
  if (pod === undefined) {
    const revision = revisionFor(members, ordinal);
    return { step: { do: 'create', ordinal, revision }, settled: false };
  }
  if (isFinished(pod) && !isTerminating(pod)) {
    return { step: { do: 'recreate', pod }, settled: false };
  }
  const { set, nowMs } = members;
  const settled = isHealthy(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs);
  return { settled };
}

/** Members below the partition stay with the revision that the set had. */
function revisionFor({ set, current, newest }: Members, ordinal: number): Revision {
  if (set.spec.updateStrategy?.type === 'OnDelete') return newest;
  return ordinal < partitionOf(set) ? current : newest;
}

function partitionOf({ spec }: StatefulSet): number {
  return (spec.ordinals?.start ?? 0) + (spec.updateStrategy?.rollingUpdate?.partition ?? 0);
}

function planUpdate(
  { set, newest, nowMs }: Members,
  byOrdinal: ReadonlyMap<number, Pod>,
): readonly Step[] {
  if (set.spec.updateStrategy?.type === 'OnDelete') return [];
  const first = set.spec.ordinals?.start ?? 0;
  const last = first + (set.spec.replicas ?? 1) - 1;
  for (let ordinal = last; ordinal >= partitionOf(set); ordinal -= 1) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined || isTerminating(pod)) return [];
    if (revisionOf(pod) !== newest.metadata.name) return [{ do: 'delete', pod, why: 'outdated' }];
    if (!isHealthy(pod)) return [];
    if (!isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)) return [];
  }
  return [];
}

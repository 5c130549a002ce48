import { keyOf, type Stored } from '../../api/client/client.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { isDomainError } from '../../base/error.ts';
import type { Engine } from '../engine/engine.ts';
import { signatureOf } from '../pod/pod-facts.ts';
import type { ClusterEvent } from '../queue/hints.ts';
import type { SchedulingQueue } from '../queue/scheduling-queue.ts';

export interface PodFollowing {
  readonly engine: Engine;
  readonly queue: SchedulingQueue;
  readonly schedulerName: string;
  /** Pods that were given a node of which the server does not know yet. */
  readonly assumed: Map<string, Pod>;
  readonly happened: (event: ClusterEvent) => void;
}

/** A pod has changed: it takes up a node, waits for one, or no longer does either. */
export function followPod(
  following: PodFollowing,
  now: Stored<Pod> | undefined,
  before: Stored<Pod> | undefined,
): void {
  const either = now ?? before;
  if (either === undefined) return;
  const key = keyOf(either);
  if (now === undefined || isFinished(now)) leave(following, key);
  else if ((now.spec.nodeName ?? '') !== '') settle(following, key, now);
  else if (following.assumed.has(key)) following.queue.refresh(key, now);
  else wait(following, { key, now, before });
}

function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function leave({ engine, queue, assumed, happened }: PodFollowing, key: string): void {
  queue.delete(key);
  engine.nominations.delete(key);
  assumed.delete(key);
  const placed = engine.cluster.removePod(key);
  if (placed === undefined) return;
  happened({ kind: 'podGone', facts: placed.facts, slot: placed.slot });
}

function settle({ engine, queue, happened }: PodFollowing, key: string, pod: Pod): void {
  const { cluster, nominations } = engine;
  queue.delete(key);
  nominations.delete(key);
  const known = cluster.podOf(key);
  try {
    const placed = cluster.placePod(pod, pod.spec.nodeName ?? '');
    const { facts, slot, terminating } = placed;
    // Other labels or requests, or a pod that is leaving now: as if another one had come.
    if (known?.facts === facts && known.terminating === terminating) return;
    if (known !== undefined) happened({ kind: 'podGone', facts: known.facts, slot: known.slot });
    happened({ kind: 'podCame', facts, slot });
  } catch (error) {
    // A selector that cannot be read: such a pod got past the API long ago. It does not count.
    if (!isDomainError(error, 'invalid')) throw error;
  }
}

function wait(
  { engine, queue, schedulerName }: PodFollowing,
  { key, now, before }: { key: string; now: Stored<Pod>; before: Stored<Pod> | undefined },
): void {
  const { metadata, spec } = now;
  const mine = (spec.schedulerName ?? 'default-scheduler') === schedulerName;
  const gated = (spec.schedulingGates ?? []).length > 0;
  if (!mine || gated || metadata.deletionTimestamp !== undefined) {
    queue.delete(key);
    engine.nominations.delete(key);
    return;
  }
  nominate(engine, key, now);
  const same = before !== undefined && signatureOf(before) === signatureOf(now);
  if (same && queue.has(key)) queue.refresh(key, now);
  else queue.add(key, now);
}

/** After a restart nominations are found in the pods. */
function nominate({ cluster, nominations }: Engine, key: string, pod: Pod): void {
  const nodeName = pod.status?.nominatedNodeName ?? '';
  if (nodeName === '') nominations.delete(key);
  else nominations.add(cluster.draftPod(pod, nodeName));
}

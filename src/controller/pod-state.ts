import type { PodCondition } from '../api/types/generated/core-v1.ts';
import type { Pod } from './stored.ts';

/** It is not on its way out and has not ended. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Ready, and for long enough. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return isReady(pod) && availableInMs(pod, minReadySeconds, nowMs) <= 0;
}

/** How long a ready pod has to stay so until it counts as available. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number {
  const since = podCondition(pod, 'Ready')?.lastTransitionTime;
  if (minReadySeconds === 0) return 0;
  if (since === undefined) return minReadySeconds * 1000;
  return Date.parse(since) + minReadySeconds * 1000 - nowMs;
}

/** The earliest time at which one of these ready pods becomes available; undefined for none. */
export function nextAvailableMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  const waits = pods
    .filter((pod) => isReady(pod))
    .map((pod) => availableInMs(pod, minReadySeconds, nowMs))
    .filter((wait) => wait > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** How many of the same set share each pod's node. */
export type Crowd = ReadonlyMap<string, number>;

export function crowdOf(pods: readonly Pod[]): Crowd {
  const crowd = new Map<string, number>();
  for (const { spec } of pods) {
    if (spec.nodeName !== undefined) crowd.set(spec.nodeName, (crowd.get(spec.nodeName) ?? 0) + 1);
  }
  return crowd;
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Which of two pods is missed less, for sorting: unassigned before assigned, pending before
 * unknown before running, not ready before ready, cheaper by `pod-deletion-cost`, on a fuller
 * node, ready for a shorter time (in powers of two), restarted more often, made later.
 */
export function byDispensability(crowd: Crowd, nowMs: number): (a: Pod, b: Pod) => number {
  return (a, b) =>
    Number(isBound(a)) - Number(isBound(b)) ||
    rankOf(a) - rankOf(b) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    costOf(a) - costOf(b) ||
    crowdAt(crowd, b) - crowdAt(crowd, a) ||
    ageRank(readySince(a), nowMs) - ageRank(readySince(b), nowMs) ||
    restartsOf(b) - restartsOf(a) ||
    ageRank(Date.parse(a.metadata.creationTimestamp), nowMs) -
      ageRank(Date.parse(b.metadata.creationTimestamp), nowMs) ||
    (a.metadata.uid < b.metadata.uid ? -1 : 1);
}

function isBound({ spec }: Pod): boolean {
  return (spec.nodeName ?? '') !== '';
}

function rankOf(pod: Pod): number {
  return phaseRank[pod.status?.phase ?? 'Pending'] ?? 2;
}

function costOf({ metadata }: Pod): number {
  const text = metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? '0';
  return /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
}

function crowdAt(crowd: Crowd, { spec }: Pod): number {
  return crowd.get(spec.nodeName ?? '') ?? 0;
}

function readySince(pod: Pod): number {
  const condition = podCondition(pod, 'Ready');
  return condition?.status === 'True' ? Date.parse(condition.lastTransitionTime ?? '') : 0;
}

/** The age in powers of two, so that pods of one batch are alike. */
function ageRank(sinceMs: number, nowMs: number): number {
  return Number.isNaN(sinceMs) || sinceMs === 0
    ? 0
    : Math.floor(Math.log2(Math.max(1, nowMs - sinceMs)));
}

function restartsOf(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((entry) => entry.restartCount));
}

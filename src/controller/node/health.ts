import type { NodeCondition, Taint } from '../../api/types/generated/core-v1.ts';
import type { Node } from '../stored.ts';

/** A node that says nothing for so long is not ready; a new one has longer to say the first. */
export const graceMs = 40_000;
export const startupGraceMs = 60_000;

const prefix = 'node.kubernetes.io/';
export const notReadyKey = `${prefix}not-ready`;
export const unreachableKey = `${prefix}unreachable`;

const posted = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** What a node's conditions are when it no longer says anything itself. */
export function silentConditions({ status }: Node, time: string): readonly NodeCondition[] {
  const known = status?.conditions ?? [];
  const silent = posted.map((type): NodeCondition => {
    const condition = known.find((entry) => entry.type === type);
    if (condition === undefined) {
      const reason = 'NodeStatusNeverUpdated';
      const message = 'Kubelet never posted node status.';
      return { type, status: 'Unknown', reason, message, lastTransitionTime: time };
    }
    if (condition.status === 'Unknown') return condition;
    const reason = 'NodeStatusUnknown';
    const message = 'Kubelet stopped posting node status.';
    return { ...condition, status: 'Unknown', reason, message, lastTransitionTime: time };
  });
  return [...known.filter(({ type }) => !posted.includes(type)), ...silent];
}

export function readiness({ status }: Node): 'True' | 'False' | 'Unknown' {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return ready === 'True' || ready === 'False' ? ready : 'Unknown';
}

const pressures = {
  MemoryPressure: `${prefix}memory-pressure`,
  DiskPressure: `${prefix}disk-pressure`,
  PIDPressure: `${prefix}pid-pressure`,
  NetworkUnavailable: `${prefix}network-unavailable`,
} as const;

/** Taints that keep new pods away, by the node's conditions and its cordon. */
export function schedulingTaints(node: Node): readonly Taint[] {
  const keys: string[] = [];
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  if (ready === 'False') keys.push(notReadyKey);
  if (ready === 'Unknown') keys.push(unreachableKey);
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = pressures[type as keyof typeof pressures];
    if (key !== undefined && status === 'True') keys.push(key);
  }
  if (node.spec?.unschedulable === true) keys.push(`${prefix}unschedulable`);
  return keys.map((key) => ({ key, effect: 'NoSchedule' }));
}

const ownScheduling: ReadonlySet<string> = new Set([
  notReadyKey,
  unreachableKey,
  ...Object.values(pressures),
  `${prefix}unschedulable`,
]);

/** The taint that drives pods away from a node in this state; undefined for a ready one. */
export function evictionKey(node: Node): string | undefined {
  const state = readiness(node);
  if (state === 'True') return undefined;
  return state === 'False' ? notReadyKey : unreachableKey;
}

/** The node's taints with ours as they have to be; those of others stay as they are. */
export function taintsOf(
  node: Node,
  { evict, time }: { readonly evict: string | undefined; readonly time: string },
): readonly Taint[] {
  const known = node.spec?.taints ?? [];
  const scheduling = schedulingTaints(node);
  const others = known.filter(({ key, effect }) => {
    if (effect === 'NoSchedule') return !ownScheduling.has(key);
    return effect !== 'NoExecute' || (key !== notReadyKey && key !== unreachableKey);
  });
  const keep = (wanted: Taint) =>
    known.find(({ key, effect }) => key === wanted.key && effect === wanted.effect) ?? wanted;
  return [
    ...others,
    ...scheduling.map((taint) => keep({ ...taint, timeAdded: time })),
    ...(evict === undefined ? [] : [keep({ key: evict, effect: 'NoExecute', timeAdded: time })]),
  ];
}

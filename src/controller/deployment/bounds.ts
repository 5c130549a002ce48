import type { Deployment } from '../stored.ts';

/** How far a rollout may stray from the number of pods asked for. */
export interface Bounds {
  readonly surge: number;
  readonly unavailable: number;
}

/** Percentages of a surge are rounded up, of what may be missing down; one of them is not 0. */
export function boundsOf({ spec }: Deployment): Bounds {
  const replicas = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate') return { surge: 0, unavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, replicas, Math.ceil);
  const unavailable = amountOf(maxUnavailable, replicas, Math.floor);
  const possible = surge === 0 && unavailable === 0 ? 1 : unavailable;
  return { surge, unavailable: Math.min(possible, replicas) };
}

/** A number, or a percentage of a total; what is neither counts as nothing. */
export function amountOf(
  value: number | string,
  total: number,
  round: (value: number) => number,
): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d{1,9})%$/.exec(value)?.[1];
  return percent === undefined ? 0 : round((Number(percent) * total) / 100);
}

import { mostPoints } from './rule.ts';

/** Stretches the points so that the largest becomes 100; all zeros stay zeros. */
export function normalize(points: Float64Array, count: number): void {
  const most = largest(points, count);
  if (most === 0) return;
  for (let at = 0; at < count; at += 1) {
    points[at] = Math.floor((mostPoints * (points[at] as number)) / most);
  }
}

/** The same for what is bad: the largest becomes 0, none becomes 100. */
export function normalizeReversed(points: Float64Array, count: number): void {
  const most = largest(points, count);
  for (let at = 0; at < count; at += 1) {
    const share = most === 0 ? 0 : Math.floor((mostPoints * (points[at] as number)) / most);
    points[at] = mostPoints - share;
  }
}

function largest(points: Float64Array, count: number): number {
  let most = 0;
  for (let at = 0; at < count; at += 1) most = Math.max(most, points[at] as number);
  return most;
}

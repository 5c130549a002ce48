import { formatQuantity } from '../../api/quantity.ts';
import type { Reading } from './node-sample.ts';

/** What something uses, as the metrics API has it. */
export interface Usage {
  readonly atMs: number;
  /** The time over which the processor's share is the mean. */
  readonly windowMs: number;
  readonly cpu: string;
  readonly memory: string;
}

/** Over less than this a share is chance. */
const leastWindowMs = 500;
const longestStartMs = 120_000;
const billion = 1_000_000_000;

/** By readings of the same thing, the newest last; undefined where they say too little. */
export function usageOf(readings: readonly Reading[]): Usage | undefined {
  const newest = readings.at(-1);
  if (newest?.cpuSeconds === undefined || newest.memoryBytes === undefined) return undefined;
  const base = readings.findLast((reading) => isBase(reading, newest)) ?? beginningOf(newest);
  if (base?.cpuSeconds === undefined) return undefined;
  const windowMs = newest.atMs - base.atMs;
  const cores = (newest.cpuSeconds - base.cpuSeconds) / (windowMs / 1000);
  return {
    atMs: newest.atMs,
    windowMs,
    cpu: formatQuantity({ nano: whole(cores * billion), format: 'decimal' }),
    memory: formatQuantity({
      nano: whole(newest.memoryBytes) * BigInt(billion),
      format: 'binary',
    }),
  };
}

function whole(amount: number): bigint {
  return BigInt(Math.round(amount));
}

/** A container that was started anew counts from nought, so that an older reading says nothing. */
function isBase(reading: Reading, newest: Reading): boolean {
  const { cpuSeconds, startedAtMs, atMs } = reading;
  return (
    cpuSeconds !== undefined &&
    cpuSeconds <= (newest.cpuSeconds ?? 0) &&
    startedAtMs === newest.startedAtMs &&
    newest.atMs - atMs >= leastWindowMs
  );
}

function beginningOf(newest: Reading): Reading | undefined {
  const { startedAtMs, atMs } = newest;
  if (startedAtMs === undefined) return undefined;
  const age = atMs - startedAtMs;
  if (age < leastWindowMs || age > longestStartMs) return undefined;
  return { ...newest, atMs: startedAtMs, cpuSeconds: 0 };
}

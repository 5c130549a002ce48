import type { KubeletConfiguration } from '../../config/kubelet-configuration.ts';
import { thresholdOf } from '../threshold.ts';
import type { Observations } from './observe.ts';

export interface Threshold {
  readonly signal: string;
  /** As it was configured: `100Mi`, `10%`. */
  readonly value: string;
  /** How long it has to be met; 0 for a hard one. */
  readonly graceMs: number;
  readonly isHard: boolean;
  /** How far above it the node has to get. */
  readonly reclaim: string;
}

type Configured = Pick<
  KubeletConfiguration,
  'evictionHard' | 'evictionSoft' | 'evictionSoftGracePeriod' | 'evictionMinimumReclaim'
>;

export function thresholdsOf(configuration: Configured): readonly Threshold[] {
  const { evictionHard, evictionSoft, evictionSoftGracePeriod } = configuration;
  const reclaim = (signal: string) => configuration.evictionMinimumReclaim.get(signal) ?? '0';
  const all = [
    ...[...evictionHard].map(([signal, value]) => ({
      signal,
      value,
      graceMs: 0,
      isHard: true,
      reclaim: reclaim(signal),
    })),
    ...[...evictionSoft].map(([signal, value]) => ({
      signal,
      value,
      graceMs: evictionSoftGracePeriod.get(signal) ?? 0,
      isHard: false,
      reclaim: reclaim(signal),
    })),
  ];
  // Zero switches one off.
  return all.filter(({ value }) => !/^0+(\.0+)?%?$/.test(value));
}

/** Those that are met; with `reclaiming`, until the node is as far above as is asked for. */
export function metThresholds(
  thresholds: readonly Threshold[],
  observations: Observations,
  reclaiming: boolean,
): readonly Threshold[] {
  return thresholds.filter(({ signal, value, reclaim }) => {
    const observed = observations.get(signal);
    if (observed === undefined) return false;
    const more = reclaiming ? thresholdOf(reclaim, observed.capacity) : 0;
    return observed.available < thresholdOf(value, observed.capacity) + more;
  });
}

/** What runs short, as messages and requests call it. */
export function resourceOf(signal: string): string {
  if (/^(allocatableM|m)emory\./.test(signal)) return 'memory';
  if (signal.endsWith('.inodesFree')) return 'inodes';
  return signal === 'pid.available' ? 'pids' : 'ephemeral-storage';
}

export function isOfDisk(signal: string): boolean {
  return /^(nodefs|imagefs|containerfs)\./.test(signal);
}

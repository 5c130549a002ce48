import { milliValue } from '../../api/quantity.ts';
import { podAmounts } from '../../api/quota/pod-amounts.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { type QosClass, sharesOfMilliCpu } from '../../cgroup/kubelet.ts';
import type { Resources } from '../../cgroup/resources.ts';
import { qosOf } from './qos.ts';

/** What all pods of the node may use together: what the node has, without what is reserved. */
export interface PodsShare {
  readonly milliCpu: number;
  readonly memoryBytes: number;
}

/**
 * What the cgroups above those of pods may use. Burstable pods weigh together what they request
 * together, so that one of them is worth its request against a Guaranteed pod too; BestEffort pods
 * get what nobody else wants.
 */
export function classResources(
  pods: readonly Pod[],
  { milliCpu, memoryBytes }: PodsShare,
): ReadonlyMap<QosClass, Resources> {
  const requested = pods
    .filter((pod) => qosOf(pod) === 'Burstable')
    .map((pod) => podAmounts(pod, 'requests').get('cpu'))
    .reduce((sum, cpu) => sum + (cpu === undefined ? 0 : milliValue(cpu)), 0);
  return new Map<QosClass, Resources>([
    ['Guaranteed', { cpu: weight(milliCpu), memory: { limit: memoryBytes } }],
    ['Burstable', { cpu: weight(requested) }],
    ['BestEffort', { cpu: weight(0) }],
  ]);
}

function weight(milliCpu: number): { readonly shares: number } {
  return { shares: sharesOfMilliCpu(milliCpu) };
}

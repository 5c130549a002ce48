import { parseQuantity, wholeValue } from '../../../api/quantity.ts';
import { podAmounts } from '../../../api/quota/pod-amounts.ts';
import type { Container } from '../../../api/types/generated/core-v1.ts';
import { diskOf, memoryOf, type PodUse } from '../../statistics/pod-use.ts';

/**
 * Who has to go first: pods that use more than they requested, of them the least important, of
 * those the one that is furthest above. Process numbers are requested by nobody.
 */
export function rankPods(uses: readonly PodUse[], resource: string): readonly PodUse[] {
  return uses.toSorted((left, right) => {
    const [one, other] = [excessOf(left, resource), excessOf(right, resource)];
    const above = resource === 'pids' ? 0 : Number(other > 0) - Number(one > 0);
    return above || priorityOf(left) - priorityOf(right) || other - one;
  });
}

function priorityOf({ pod }: PodUse): number {
  return pod.spec.priority ?? 0;
}

function excessOf(use: PodUse, resource: string): number {
  return useOf(use, resource) - requestOf(use, resource);
}

function useOf(use: PodUse, resource: string): number {
  if (resource === 'memory') return memoryOf(use);
  if (resource === 'inodes') return diskOf(use, 'inodes');
  if (resource === 'pids') return use.whole?.process?.process_count?.value ?? 0;
  return diskOf(use, 'bytes');
}

function requestOf({ pod }: PodUse, resource: string): number {
  const amount = podAmounts(pod, 'requests').get(resource);
  return amount === undefined ? 0 : wholeValue(amount);
}

/** `Container web was using 300Mi, request is 100Mi, has larger consumption of memory. ` */
export function larger(use: PodUse, resource: string): string {
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return '';
  return use.containers
    .map(({ name, statistics, logs }) => {
      const { writable_layer: layer } = statistics;
      const bytes =
        resource === 'memory'
          ? (statistics.memory?.working_set_bytes?.value ?? 0)
          : (layer?.used_bytes?.value ?? 0) + logs.bytes;
      const request = containerRequest(use, name, resource);
      if (bytes <= wholeValue(parseQuantity(request))) return '';
      const what = `was using ${binary(bytes)}, request is ${request}`;
      return `Container ${name} ${what}, has larger consumption of ${resource}. `;
    })
    .join('');
}

function containerRequest({ pod }: PodUse, name: string, resource: string): string {
  const all: readonly Container[] = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return all.find((entry) => entry.name === name)?.resources?.requests?.[resource] ?? '0';
}

/** In kibibytes, as precisely as anybody wants to know. */
export function binary(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}

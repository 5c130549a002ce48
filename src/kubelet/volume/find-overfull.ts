import { parseQuantity, wholeValue } from '../../api/quantity.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { PodFailure } from '../pod/node-pods.ts';
import type { VolumeUsage } from './pod-volumes.ts';

/** Why a pod has to be evicted whose emptyDir holds more than its sizeLimit. */
export function findOverfull(
  { spec }: Pod,
  usages: ReadonlyMap<string, VolumeUsage>,
): PodFailure | undefined {
  for (const { name, emptyDir } of spec?.volumes ?? []) {
    const { sizeLimit } = emptyDir ?? {};
    if (sizeLimit === undefined) continue;
    const limit = wholeValue(parseQuantity(sizeLimit));
    if (limit === 0 || (usages.get(name)?.usedBytes ?? 0) <= limit) continue;
    // The blank at the end is Kubernetes' own.
    const message = `Usage of EmptyDir volume "${name}" exceeds the limit "${sizeLimit}". `;
    return { reason: 'Evicted', message };
  }
  return undefined;
}

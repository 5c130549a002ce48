import { parseQuantity, wholeValue } from '../../../api/quantity.ts';
import { podAmounts } from '../../../api/quota/pod-amounts.ts';
import type { Pod } from '../../../api/types/generated/core-v1.ts';
import type { PodFailure } from '../../pod/node-pods.ts';
import { diskOf, type PodUse } from '../../statistics/pod-use.ts';
import { findOverfull } from '../../volume/find-overfull.ts';

/** Whether the pod sets a bound that has to be watched. */
export function isBounded({ spec }: Pod): boolean {
  const hasLimit = spec.containers.some(
    ({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined,
  );
  return hasLimit || (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined);
}

/** Why a pod has to go that uses more of the node's disk than it may; undefined for the others. */
export function overLimit(use: PodUse): PodFailure | undefined {
  return findOverfull(use.pod, use.volumes) ?? overPod(use) ?? overContainer(use);
}

function overPod(use: PodUse): PodFailure | undefined {
  const { pod } = use;
  // A container without a limit makes the pod's none.
  const isWhole = pod.spec.containers.every(
    ({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined,
  );
  const limit = podAmounts(pod, 'limits').get('ephemeral-storage');
  if (!isWhole || limit === undefined || diskOf(use, 'bytes') <= wholeValue(limit)) {
    return undefined;
  }
  const total = String(wholeValue(limit));
  const what = 'Pod ephemeral local storage usage exceeds the total limit of containers';
  const message = `${what} ${total}. `;
  return { reason: 'Evicted', message };
}

function overContainer({ pod, containers }: PodUse): PodFailure | undefined {
  for (const { name, resources } of pod.spec.containers) {
    const limit = resources?.limits?.['ephemeral-storage'];
    const use = containers.find((container) => container.name === name);
    if (limit === undefined || use === undefined) continue;
    const bytes = (use.statistics.writable_layer?.used_bytes?.value ?? 0) + use.logs.bytes;
    if (bytes <= wholeValue(parseQuantity(limit))) continue;
    const message = `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
    return { reason: 'Evicted', message };
  }
  return undefined;
}

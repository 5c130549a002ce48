import type { Informer } from '../api/client/informer.ts';
import { resources } from '../api/client/resources.ts';
import type * as coreV1 from '../api/types/generated/core-v1.ts';
import type { Cluster } from './cluster.ts';

/** The cache of all pods, found by `owner`, by `node` and by each `label` as `key=value`. */
export function podsOf(cluster: Cluster): Informer<coreV1.Pod> {
  return cluster.informer(resources.pods, {
    node: ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]),
    label: ({ metadata }) =>
      Object.entries(metadata.labels ?? {}).map(
        ([key, value]) => `${metadata.namespace}/${key}=${value}`,
      ),
    orphan: ({ metadata }) =>
      metadata.ownerReferences?.some(({ controller }) => controller === true) === true
        ? []
        : [metadata.namespace ?? ''],
  });
}

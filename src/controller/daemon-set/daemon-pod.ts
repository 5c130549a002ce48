import { resources } from '../../api/client/resources.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { podFrom } from '../pod-control.ts';
import { revisionLabel } from '../revision-history.ts';
import type { DaemonSet, Pod } from '../stored.ts';
import { daemonTolerations } from './node-fit.ts';

/** A daemon's pod, bound to its node by affinity so that the scheduler may refuse it. */
export function describeDaemon(set: DaemonSet, nodeName: string, revision: string): coreV1.Pod {
  const by = { resource: resources.daemonSets, owner: set, source: '' };
  const { metadata, spec } = podFrom(by, set.spec.template);
  return {
    metadata: { ...metadata, labels: { ...metadata.labels, [revisionLabel]: revision } },
    spec: {
      ...spec,
      tolerations: daemonTolerations(spec),
      affinity: { ...spec.affinity, nodeAffinity: onNode(spec.affinity?.nodeAffinity, nodeName) },
    },
  };
}

function onNode(known: coreV1.NodeAffinity | undefined, nodeName: string): coreV1.NodeAffinity {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [nodeName] }];
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [{ matchFields }] };
  return { ...known, requiredDuringSchedulingIgnoredDuringExecution };
}

/** The node that a daemon's pod is on, or is made for. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName !== undefined) return spec.nodeName;
  const { nodeSelectorTerms = [] } =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? {};
  return nodeSelectorTerms
    .flatMap(({ matchFields }) => matchFields ?? [])
    .find(({ key, operator }) => key === 'metadata.name' && operator === 'In')?.values?.[0];
}

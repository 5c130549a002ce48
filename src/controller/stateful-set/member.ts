import { resources } from '../../api/client/resources.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { podFrom } from '../pod-control.ts';
import { isReady, isTerminating } from '../pod-state.ts';
import { revisionLabel, templateOf } from '../revision-history.ts';
import type { Pod, Revision, StatefulSet } from '../stored.ts';

const nameLabel = 'statefulset.kubernetes.io/pod-name';
const indexLabel = 'apps.kubernetes.io/pod-index';

/** The number that a pod has in its set; undefined where its name is not of the set. */
export function ordinalOf({ metadata }: StatefulSet, pod: Pod): number | undefined {
  const { name } = pod.metadata;
  const prefix = `${metadata.name}-`;
  const text = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
}

export function memberName({ metadata }: StatefulSet, ordinal: number): string {
  return `${metadata.name}-${ordinal}`;
}

export function revisionOf({ metadata }: Pod): string {
  return metadata.labels?.[revisionLabel] ?? '';
}

export function isHealthy(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod) && !isTerminating(pod);
}

/** The member with this number, by the template of a revision. */
export function describeMember(set: StatefulSet, ordinal: number, revision: Revision): coreV1.Pod {
  const by = { resource: resources.statefulSets, owner: set, source: '' };
  const { metadata, spec } = podFrom(by, templateOf(revision));
  const name = memberName(set, ordinal);
  const claimed = (set.spec.volumeClaimTemplates ?? []).flatMap(({ metadata: of }) => {
    const claimName = claimNameOf(set, of.name ?? '', ordinal);
    return [{ name: of.name ?? '', persistentVolumeClaim: { claimName } }];
  });
  const names = new Set(claimed.map((volume) => volume.name));
  const volumes = [...claimed, ...(spec.volumes ?? []).filter((entry) => !names.has(entry.name))];
  const { serviceName = '' } = set.spec;
  return {
    metadata: {
      ...metadata,
      name,
      labels: {
        ...metadata.labels,
        [revisionLabel]: revision.metadata.name,
        [nameLabel]: name,
        [indexLabel]: String(ordinal),
      },
    },
    spec: {
      ...spec,
      hostname: name,
      ...(serviceName !== '' && { subdomain: serviceName }),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}

/** The claims of a member, one for each of the set's templates. */
export function describeClaims(
  set: StatefulSet,
  ordinal: number,
): readonly coreV1.PersistentVolumeClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    metadata: {
      namespace: set.metadata.namespace,
      name: claimNameOf(set, metadata.name ?? '', ordinal),
      labels: { ...metadata.labels, ...set.spec.selector.matchLabels },
      ...(metadata.annotations !== undefined && { annotations: metadata.annotations }),
    },
    spec,
  }));
}

function claimNameOf({ metadata }: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${metadata.name}-${ordinal}`;
}

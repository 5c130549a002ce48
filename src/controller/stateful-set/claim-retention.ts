import { resources } from '../../api/client/resources.ts';
import { apiVersionOf } from '../../api/kind.ts';
import type { OwnerReference } from '../../api/types/generated/meta-v1.ts';
import type { Claim, Pod, StatefulSet } from '../stored.ts';
import { ordinalOf } from './member.ts';

/**
 * Whose end a member's claim shares, as `persistentVolumeClaimRetentionPolicy` says: the set's, the
 * pod's when that is scaled away, or nobody's. The garbage collector does the rest. Undefined when
 * the claim says so already; owners of others stay.
 */
export function ownersOfClaim(
  set: StatefulSet,
  pod: Pod,
  claim: Claim,
): readonly OwnerReference[] | undefined {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const goesWithPod = whenScaled === 'Delete' && isScaledAway(set, pod);
  const goesWithSet = whenDeleted === 'Delete' && !goesWithPod;
  const known = claim.metadata.ownerReferences ?? [];
  const others = known.filter((owner) => !isOfSet(owner, set) && !isOfPod(owner, pod));
  const wanted = [
    ...others,
    ...(goesWithSet ? [referenceTo(resources.statefulSets.kind, set)] : []),
    ...(goesWithPod ? [referenceTo(resources.pods.kind, pod)] : []),
  ];
  const isAsWanted =
    known.length === wanted.length &&
    wanted.every(({ uid }) => known.some((owner) => owner.uid === uid));
  return isAsWanted ? undefined : wanted;
}

/** Its claim is going, or goes with a pod that had the name before: a new pod waits for that. */
export function isGoing({ metadata }: Claim, podName: string): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  return (metadata.ownerReferences ?? []).some(
    ({ kind, name }) => kind === 'Pod' && name === podName,
  );
}

function isScaledAway(set: StatefulSet, pod: Pod): boolean {
  const first = set.spec.ordinals?.start ?? 0;
  const ordinal = ordinalOf(set, pod) ?? first;
  return ordinal < first || ordinal >= first + (set.spec.replicas ?? 1);
}

function isOfSet({ kind, uid }: OwnerReference, set: StatefulSet): boolean {
  return kind === 'StatefulSet' && uid === set.metadata.uid;
}

function isOfPod({ kind, name }: OwnerReference, pod: Pod): boolean {
  return kind === 'Pod' && name === pod.metadata.name;
}

/** The claim is not controlled: it is only to go with its owner. */
function referenceTo(
  kind: typeof resources.pods.kind,
  {
    metadata: { name, uid },
  }: { readonly metadata: { readonly name: string; readonly uid: string } },
): OwnerReference {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, name, uid };
}

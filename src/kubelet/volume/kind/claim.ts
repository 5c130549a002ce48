import { ApiError } from '../../../api/status.ts';
import type { ApiClient, Stored } from '../../../api/client/client.ts';
import { resources } from '../../../api/client/resources.ts';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
} from '../../../api/types/generated/core-v1.ts';
import { DomainError, type DomainErrorKind } from '../../../base/error.ts';

/** A persistent volume that a pod's claim is bound to. */
export interface ClaimedVolume {
  readonly claim: Stored<PersistentVolumeClaim>;
  readonly volume: Stored<PersistentVolume>;
}

export interface ClaimReference {
  readonly claim: string;
  readonly isOwn: boolean;
}

/**
 * Follows a claim to its volume. Throws `notFound` or `unavailable` while there is none, in the
 * words of Kubernetes; `invalid` for a claim that is another pod's.
 */
export async function findClaimed(
  client: ApiClient,
  pod: Stored<Pod>,
  { claim: name, isOwn }: ClaimReference,
): Promise<ClaimedVolume> {
  const { namespace = '' } = pod.metadata;
  const processing = (why: string, kind: DomainErrorKind = 'unavailable') =>
    new DomainError(kind, `error processing PVC ${namespace}/${name}: ${why}`);
  const claim = await found(client.get(resources.persistentVolumeClaims, { namespace, name }));
  if (claim === undefined) {
    throw processing(
      `failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`,
      'notFound',
    );
  }
  const owners = claim.metadata.ownerReferences ?? [];
  if (isOwn && owners.every(({ uid }) => uid !== pod.metadata.uid)) {
    const both = `PVC ${namespace}/${name} was not created for pod ${namespace}/`;
    throw processing(`${both}${pod.metadata.name} (pod is not owner)`, 'invalid');
  }
  const { volumeName = '' } = claim.spec;
  if (claim.metadata.deletionTimestamp !== undefined) {
    throw processing('PVC is being deleted');
  }
  if (claim.status?.phase !== 'Bound' || volumeName === '') throw processing('PVC is not bound');
  const volume = await found(
    client.get(resources.persistentVolumes, { namespace: '', name: volumeName }),
  );
  if (volume === undefined) {
    throw new DomainError('notFound', `persistentvolume "${volumeName}" not found`);
  }
  const { uid } = volume.spec.claimRef ?? {};
  if (uid !== claim.metadata.uid) {
    throw processing(
      `found PV object ${volumeName} bound to claim ${uid ?? ''}, expected ${claim.metadata.uid}`,
    );
  }
  return { claim, volume };
}

async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}

import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import type { Cluster } from '../cluster.ts';
import type { Claim, Volume } from '../stored.ts';
import { bindCompleted, boundByController } from './names.ts';

/**
 * Ties a volume and a claim to each other: the volume first, which alone decides who has it, then
 * the claim. Whoever is killed in between is finished by the next call; what is done already is
 * not done again.
 */
export async function bind(cluster: Cluster, volume: Volume, claim: Claim): Promise<void> {
  const reserved = await reserve(cluster, volume, claim);
  await setVolumePhase(cluster, reserved, { phase: 'Bound' });
  const bound = await writeClaim(cluster, claim, reserved);
  await setClaimStatus(cluster, bound, {
    phase: 'Bound',
    accessModes: reserved.spec.accessModes ?? [],
    capacity: reserved.spec.capacity ?? {},
  });
}

async function reserve(cluster: Cluster, volume: Volume, claim: Claim): Promise<Volume> {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const before = volume.spec.claimRef;
  if (before?.uid === uid) return volume;
  const claimRef = {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    namespace,
    name,
    uid,
    resourceVersion,
  };
  // What somebody else reserved is his to free.
  const marks = before === undefined ? { [boundByController]: 'yes' } : {};
  const annotations = { ...volume.metadata.annotations, ...marks };
  return await cluster.update(resources.persistentVolumes, {
    ...volume,
    metadata: { ...volume.metadata, annotations },
    spec: { ...volume.spec, claimRef },
  });
}

async function writeClaim(cluster: Cluster, claim: Claim, volume: Volume): Promise<Claim> {
  const { annotations = {} } = claim.metadata;
  const isNamed = claim.spec.volumeName === volume.metadata.name;
  if (isNamed && annotations[bindCompleted] !== undefined) return claim;
  const marks = { [bindCompleted]: 'yes', ...(!isNamed && { [boundByController]: 'yes' }) };
  return await cluster.update(resources.persistentVolumeClaims, {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...annotations, ...marks } },
    spec: { ...claim.spec, volumeName: volume.metadata.name },
  });
}

type VolumeStatus = NonNullable<Volume['status']>;
type ClaimStatus = NonNullable<Claim['status']>;

/** Writes the phase of a volume when it is another. */
export async function setVolumePhase(
  cluster: Cluster,
  volume: Volume,
  { phase, message }: Pick<VolumeStatus, 'phase' | 'message'>,
): Promise<Volume> {
  const before = volume.status;
  if (before?.phase === phase && before?.message === message) return volume;
  const { message: _old, ...rest } = before ?? {};
  const status = {
    ...rest,
    phase,
    ...(message !== undefined && { message }),
    lastPhaseTransitionTime:
      before?.phase === phase ? before?.lastPhaseTransitionTime : cluster.time(),
  };
  return await cluster.updateStatus(resources.persistentVolumes, { ...volume, status });
}

/** Writes what is said of a claim when it is something else. */
export async function setClaimStatus(
  cluster: Cluster,
  claim: Claim,
  said: ClaimStatus,
): Promise<Claim> {
  const status = { ...claim.status, ...said };
  if (equal(status, claim.status ?? {})) return claim;
  return await cluster.updateStatus(resources.persistentVolumeClaims, { ...claim, status });
}

import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/generated/core-v1.ts';
import type { RuleContext } from './rule.ts';

/** The claims of a pod, and what they are bound to. */
export interface BoundVolumes {
  readonly bound: readonly PersistentVolume[];
  /** Claims that are bound to volumes that do not exist. */
  readonly lost: number;
  /** Claims whose volume is chosen together with the node. */
  readonly waiting: readonly PersistentVolumeClaim[];
  /** Why no node will do. */
  readonly refusal: string | undefined;
}

/** Looks up the claims of the pod as they are now. */
export function findVolumes({
  facts,
  cluster,
}: Pick<RuleContext, 'facts' | 'cluster'>): BoundVolumes {
  const { claims, volumes, classes } = cluster.volumes;
  const bound: PersistentVolume[] = [];
  const waiting: PersistentVolumeClaim[] = [];
  let lost = 0;
  let unbound = false;
  const refuse = (refusal: string): BoundVolumes => ({ bound, lost, waiting, refusal });
  for (const name of facts.claims) {
    const claim = claims.get(`${facts.namespace}/${name}`);
    const quoted = `persistentvolumeclaim "${name}"`;
    if (claim === undefined) return refuse(`${quoted} not found`);
    if (claim.status?.phase === 'Lost') {
      const volume = claim.spec.volumeName ?? '';
      return refuse(`${quoted} bound to non-existent persistentvolume "${volume}"`);
    }
    if (claim.metadata.deletionTimestamp !== undefined) return refuse(`${quoted} is being deleted`);
    const { volumeName = '', storageClassName = '' } = claim.spec;
    const volume = volumes.get(volumeName);
    if (volume !== undefined) bound.push(volume);
    else if (volumeName !== '') lost += 1;
    else if (classes.get(storageClassName)?.volumeBindingMode === 'WaitForFirstConsumer') {
      waiting.push(claim);
    } else unbound = true;
  }
  if (unbound) return refuse('pod has unbound immediate PersistentVolumeClaims');
  return { bound, lost, waiting, refusal: undefined };
}

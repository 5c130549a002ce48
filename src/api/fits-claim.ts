import { parseQuantity } from './quantity.ts';
import { matchesLabels, readLabelSelector } from './selector/label-selector.ts';
import type { PersistentVolume, PersistentVolumeClaim } from './types/generated/core-v1.ts';

/** Whether the claim may be bound to the volume: what scheduler and binder have to agree about. */
export function fitsClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { spec, metadata, status } = volume;
  const wanted = claim.spec;
  if (status?.phase === 'Released' || status?.phase === 'Failed') return false;
  if (metadata.deletionTimestamp !== undefined) return false;
  if (spec.claimRef !== undefined && !isReservedFor(volume, claim)) return false;
  return (
    misfitOf(volume, claim) === undefined &&
    (wanted.selector === undefined ||
      matchesLabels(readLabelSelector(wanted.selector), metadata.labels ?? {}))
  );
}

/** The volume names this very claim, or one of its name that was yet to be made. */
export function isReservedFor(
  { spec }: PersistentVolume,
  { metadata }: PersistentVolumeClaim,
): boolean {
  const { namespace, name, uid } = spec.claimRef ?? {};
  if (namespace !== metadata.namespace || name !== metadata.name) return false;
  return uid === undefined || uid === '' || uid === metadata.uid;
}

/** Why the volume does not hold what the claim asks for; undefined when it does. */
export function misfitOf(
  { spec }: PersistentVolume,
  { spec: wanted }: PersistentVolumeClaim,
): string | undefined {
  const needed = parseQuantity(wanted.resources?.requests?.['storage'] ?? '0').nano;
  if (parseQuantity(spec.capacity?.['storage'] ?? '0').nano < needed) {
    return 'requested PV is too small';
  }
  if ((spec.storageClassName ?? '') !== (wanted.storageClassName ?? '')) {
    return 'storageClassName does not match';
  }
  if ((spec.volumeMode ?? 'Filesystem') !== (wanted.volumeMode ?? 'Filesystem')) {
    return 'incompatible volumeMode';
  }
  const has = (mode: string) => spec.accessModes?.includes(mode) === true;
  return (wanted.accessModes ?? []).every(has) ? undefined : 'incompatible accessMode';
}

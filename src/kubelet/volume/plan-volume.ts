import { DomainError, isDomainError } from '../../base/error.ts';
import { own } from '../../base/own.ts';
import { parseQuantity, wholeValue } from '../../api/quantity.ts';
import type { Container, Pod, Volume } from '../../api/types/generated/core-v1.ts';
import { failedProcessing } from './refusal.ts';
import type { VolumePlan } from './volume-plan.ts';

const fileKinds = {
  configMap: { folder: 'configmap', inMemory: false },
  secret: { folder: 'secret', inMemory: true },
  downwardAPI: { folder: 'downward-api', inMemory: true },
  projected: { folder: 'projected', inMemory: true },
} as const;

/** The volumes that some container mounts; the others are not made, as with Kubernetes. */
export function planVolumes(
  pod: Pod,
  allocatable: ReadonlyMap<string, string>,
): readonly VolumePlan[] {
  const used = new Set(
    containersOf(pod).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)),
  );
  const volumes = (pod.spec?.volumes ?? []).filter(({ name }) => used.has(name));
  return volumes.map((volume) => {
    try {
      return planVolume(pod, volume, allocatable);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      const why = `failed to get Plugin from volumeSpec for volume "${volume.name}"`;
      const message = failedProcessing(volume.name, `${why} err=${error.message}`);
      throw new DomainError(error.kind, message, { cause: error });
    }
  });
}

/** Throws `unsupported` for a volume of a kind that this kubelet does not make. */
export function planVolume(
  pod: Pod,
  volume: Volume,
  allocatable: ReadonlyMap<string, string>,
): VolumePlan {
  const { name, emptyDir, hostPath, image, persistentVolumeClaim, ephemeral } = volume;
  const own = { volume, name };
  if (emptyDir !== undefined) {
    const folder = folderOf('empty-dir', name);
    const memoryBytes = memoryOf(pod, emptyDir, allocatable);
    return { ...own, kind: 'empty', folder, memoryBytes };
  }
  if (hostPath !== undefined) {
    return { ...own, kind: 'hostPath', path: hostPath.path, type: hostPath.type ?? '' };
  }
  if (image !== undefined) return { ...own, kind: 'image' };
  if (persistentVolumeClaim !== undefined) {
    const { claimName, readOnly = false } = persistentVolumeClaim;
    return { ...own, kind: 'claim', claim: claimName, readOnly, isOwn: false };
  }
  if (ephemeral !== undefined) {
    const claim = `${pod.metadata.name ?? ''}-${name}`;
    return { ...own, kind: 'claim', claim, readOnly: false, isOwn: true };
  }
  return planFiles(volume);
}

function planFiles(volume: Volume): VolumePlan {
  const { name } = volume;
  const source = Object.keys(volume).find((key) => key !== 'name') ?? 'without a source';
  const kind = own<(typeof fileKinds)[keyof typeof fileKinds]>(fileKinds, source);
  if (kind === undefined) {
    const message = `no volume plugin matched: volumes of type "${source}" are not supported`;
    throw new DomainError('unsupported', message);
  }
  const { folder, inMemory } = kind;
  return { volume, name, kind: 'files', folder: folderOf(folder, name), inMemory };
}

function folderOf(type: string, name: string): string {
  // Names of volumes are DNS labels, which the API checks and a static pod's author may not know.
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    throw new DomainError('invalid', `volume name "${name}" is no DNS label`);
  }
  return `volumes/kubernetes.io~${type}/${name}`;
}

type EmptyDir = NonNullable<Volume['emptyDir']>;

/** Undefined for a volume on disk. */
function memoryOf(
  pod: Pod,
  { medium = '', sizeLimit }: EmptyDir,
  allocatable: ReadonlyMap<string, string>,
): number | undefined {
  if (medium === '') return undefined;
  if (medium !== 'Memory') {
    throw new DomainError('unsupported', `emptyDir medium "${medium}" is not supported`);
  }
  const bounds = [sizeLimit, podMemory(pod), allocatable.get('memory')]
    .filter((text) => text !== undefined)
    .map((text) => wholeValue(parseQuantity(text)))
    .filter((bytes) => bytes > 0);
  return bounds.length === 0 ? 0 : Math.min(...bounds);
}

/** What the pod's containers may have together; undefined when one of them has no limit. */
function podMemory({ spec }: Pod): string | undefined {
  let bytes = 0;
  for (const { resources } of spec?.containers ?? []) {
    const limit = resources?.limits?.['memory'];
    if (limit === undefined) return undefined;
    bytes += wholeValue(parseQuantity(limit));
  }
  return String(bytes);
}

/** All containers of a pod, those that were added to it for debugging too. */
export function containersOf({ spec }: Pod): readonly Pick<Container, 'volumeMounts'>[] {
  const { initContainers = [], ephemeralContainers = [] } = spec ?? {};
  return [...initContainers, ...(spec?.containers ?? []), ...ephemeralContainers];
}

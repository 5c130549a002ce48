import { DomainError } from '../../base/error.ts';
import type { Container, Pod, VolumeMount } from '../../api/types/generated/core-v1.ts';
import type { VolumeMountPlan } from './pod-volumes.ts';
import { checkSubPath } from './sub-path.ts';
import type { VolumePlace } from './volume-maker.ts';

export interface MountsInput {
  readonly pod: Pod;
  readonly container: Pick<Container, 'name' | 'volumeMounts'>;
  /** What subPathExpr expands. */
  readonly environment: ReadonlyMap<string, string>;
  readonly places: ReadonlyMap<string, VolumePlace>;
  readonly recursiveReadOnly?: (runtimeClass: string | undefined) => boolean;
}

/** A mount, and the part of its volume that has to be bound for it first. */
export interface PlannedMount {
  readonly mount: VolumeMountPlan;
  readonly subPath: { readonly path: string; readonly target: string } | undefined;
}

/** The mounts of a container, without touching anything. Throws `invalid` or `unsupported`. */
export function planMounts(input: MountsInput): readonly PlannedMount[] {
  const { container, places } = input;
  return (container.volumeMounts ?? []).map((mount, index) => {
    const place = places.get(mount.name);
    if (place === undefined) {
      throw new DomainError('invalid', `volumeMount "${mount.name}" names no volume of the pod`);
    }
    const readOnly = mount.readOnly === true || place.readOnly;
    const path = subPathOf(mount, input);
    const isImage = place.plan.kind === 'image';
    return {
      mount: {
        hostPath: place.path,
        containerPath: containerPathOf(mount.mountPath),
        readOnly,
        recursiveReadOnly: isRecursive(mount, readOnly, input),
        propagation: propagationOf(mount),
        ...(isImage && { image: { volume: mount.name, subPath: path } }),
      },
      subPath:
        path === '' || isImage
          ? undefined
          : { path, target: `volume-subpaths/${mount.name}/${container.name}/${index}` },
    };
  });
}

function subPathOf({ subPath = '', subPathExpr = '' }: VolumeMount, input: MountsInput): string {
  const path = subPathExpr === '' ? subPath : expand(subPathExpr, input.environment);
  checkSubPath(path);
  return path;
}

/** `$(NAME)`, and `$$` for a dollar. Unlike in commands, a name has to be known. */
export function expand(text: string, environment: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    const value = environment.get(name);
    if (value !== undefined) return value;
    throw new DomainError('invalid', `missing value for "${name}" in subPathExpr ${whole}`);
  });
}

/** What a relative path is relative to. */
function containerPathOf(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

function isRecursive(mount: VolumeMount, readOnly: boolean, input: MountsInput): boolean {
  const { recursiveReadOnly = 'Disabled', name } = mount;
  if (recursiveReadOnly === 'Disabled') return false;
  const { pod, recursiveReadOnly: can = () => true } = input;
  const isPossible = can(pod.spec?.runtimeClassName);
  if (recursiveReadOnly === 'IfPossible') {
    return readOnly && isPossible && propagationOf(mount) === 'None';
  }
  const refuse = (kind: 'invalid' | 'unsupported', why: string) =>
    new DomainError(kind, `volume "${name}" requested recursive read-only mode, but ${why}`);
  if (recursiveReadOnly !== 'Enabled') {
    throw new DomainError('invalid', `unknown recursive read-only mode "${recursiveReadOnly}"`);
  }
  if (!readOnly) throw refuse('invalid', 'it is not read-only');
  if (propagationOf(mount) !== 'None') {
    throw refuse('invalid', 'it is not compatible with mount propagation');
  }
  if (!isPossible) throw refuse('unsupported', 'it is not supported by the runtime');
  return true;
}

type Propagation = VolumeMountPlan['propagation'];

function propagationOf({ mountPropagation = 'None' }: VolumeMount): Propagation {
  switch (mountPropagation) {
    case 'None':
    case 'HostToContainer':
    case 'Bidirectional':
      return mountPropagation;
    default:
      throw new DomainError('invalid', `unknown MountPropagation mode: "${mountPropagation}"`);
  }
}

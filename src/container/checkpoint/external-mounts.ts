import { DomainError } from '../../base/error.ts';
import type { Mount } from '../../kernel/mountinfo.ts';
import { parseMountOptions } from '../mount-option.ts';
import { normalDestination } from '../plan/plan-mounts.ts';
import type { Mount as SpecMount, Spec } from '../spec.ts';
import type { ExternalMount } from './checkpoint-document.ts';

/** What a container has of its own, and criu makes again. */
const ownFilesystems = new Set(['proc', 'sysfs', 'tmpfs', 'devpts', 'mqueue']);

/**
 * Which of a container's mounts come from outside: what is bound into it, and /dev/null over masked
 * files. Pure. Throws DomainError `unsupported` for one that the specification does not explain.
 */
export function externalMounts(mounts: readonly Mount[], spec: Spec): readonly ExternalMount[] {
  const planned = spec.mounts ?? [];
  const bound = planned.filter(isBound).map(normalDestination);
  const made = planned.filter((mount) => !isBound(mount)).map(normalDestination);
  const externals: ExternalMount[] = [];
  for (const mount of mounts) {
    const path = mount.mountPoint;
    if (path === '/') continue;
    const kind = kindOf(mount, bound, made);
    if (kind !== undefined) externals.push({ path, kind });
  }
  return externals;
}

export function isBound(mount: SpecMount): boolean {
  if (mount.type === 'bind' || mount.type === 'overlay') return true;
  return parseMountOptions(mount.options ?? []).bind;
}

/** The mount of the specification that a path is, or lies below. */
export function boundAbove(path: string, bound: readonly string[]): string | undefined {
  const above = bound.filter((place) => path === place || path.startsWith(`${place}/`));
  return above.toSorted((one, other) => other.length - one.length)[0];
}

function kindOf(
  { mountPoint, fileSystem, root }: Mount,
  bound: readonly string[],
  made: readonly string[],
): ExternalMount['kind'] | undefined {
  if (fileSystem === 'cgroup2') return 'cgroup';
  if (bound.includes(mountPoint)) return 'spec';
  if (fileSystem === 'devtmpfs' && root === '/null') return 'null';
  if (made.includes(mountPoint)) return undefined;
  // What was mounted below a bound folder came along with it.
  if (boundAbove(mountPoint, bound) !== undefined) return 'spec';
  if (ownFilesystems.has(fileSystem)) return undefined;
  throw new DomainError('unsupported', `Its mount "${mountPoint}" (${fileSystem}) is unknown`);
}

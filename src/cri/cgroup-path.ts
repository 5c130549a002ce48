import { DomainError } from '../base/error.ts';

/**
 * The pod's folder below the hierarchy, from either notation: `/kubepods/pod1`, or systemd's
 * `kubepods-burstable-pod1.slice`, whose dashes are folders.
 */
export function podCgroup(parent: string, podId: string, fallback: string): string {
  if (parent === '') return `${fallback}/${podId}`;
  if (parent.includes('\0') || parent.split('/').some((part) => part === '..' || part === '.')) {
    throw new DomainError('invalid', `Invalid cgroup parent "${parent}"`);
  }
  if (parent.endsWith('.slice') && !parent.includes('/')) return expandSlice(parent);
  return `/${parent.replace(/^\/+|\/+$/g, '')}`;
}

/** In a slice a container is a scope, elsewhere a folder with its id. */
export function containerCgroup(podPath: string, containerId: string): string {
  return podPath.endsWith('.slice')
    ? `${podPath}/keelson-${containerId}.scope`
    : `${podPath}/${containerId}`;
}

/** systemd's rule: `a-b.slice` lies in `a.slice`. */
function expandSlice(name: string): string {
  const stem = name.slice(0, -'.slice'.length);
  if (stem === '-') return '/';
  const parts = stem.split('-');
  if (parts.includes('')) throw new DomainError('invalid', `Invalid slice name "${name}"`);
  const folders = parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`);
  return `/${folders.join('/')}`;
}

import { expandCgroupParent } from '../../cgroup/path.ts';

/**
 * The pod's folder below the hierarchy, from either notation: `/kubepods/pod1`, or systemd's
 * `kubepods-burstable-pod1.slice`, whose dashes are folders.
 */
export function podCgroup(parent: string, podId: string, fallback: string): string {
  if (parent !== '') return expandCgroupParent(parent);
  const slice = /([^/]+)\.slice$/.exec(fallback)?.[1];
  // A dash would be a level.
  const name = podId.replaceAll('-', '_');
  return slice === undefined ? `${fallback}/${podId}` : `${fallback}/${slice}-${name}.slice`;
}

/** In a slice a container is a scope, elsewhere a folder with its id. */
export function containerCgroup(podPath: string, containerId: string): string {
  return podPath.endsWith('.slice')
    ? `${podPath}/keelson-${containerId}.scope`
    : `${podPath}/${containerId}`;
}

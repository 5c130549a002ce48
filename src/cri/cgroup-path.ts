import { expandCgroupParent } from '../cgroup/path.ts';

/**
 * The pod's folder below the hierarchy, from either notation: `/kubepods/pod1`, or systemd's
 * `kubepods-burstable-pod1.slice`, whose dashes are folders.
 */
export function podCgroup(parent: string, podId: string, fallback: string): string {
  return parent === '' ? `${fallback}/${podId}` : expandCgroupParent(parent);
}

/** In a slice a container is a scope, elsewhere a folder with its id. */
export function containerCgroup(podPath: string, containerId: string): string {
  return podPath.endsWith('.slice')
    ? `${podPath}/keelson-${containerId}.scope`
    : `${podPath}/${containerId}`;
}

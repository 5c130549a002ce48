import { posix } from 'node:path';
import { isKernelError } from '../../../base/error.ts';
import type { Descriptor } from '../../../kernel/descriptor.ts';
import { unmount, UnmountFlag } from '../../../kernel/mount.ts';
import { setMountAttributes } from '../../../kernel/mount-tree.ts';
import { readMounts } from '../../../kernel/mountinfo.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../../kernel/open.ts';

/**
 * Unmounts all that is mounted in a folder of an open folder whose path (links resolved) is given.
 * Mounts leave their peer groups first: unmounting a copy would unmount what it was copied from
 * too. Folders are reached by descriptors that follow no link; busy mounts are broken off.
 */
export function unmountBeneath(at: number, path: string, name: string): void {
  const folder = `${path}/${name}`;
  // Bounded: what is mounted over and over by another is not ours to win against.
  for (let round = 0; round < 8; round += 1) {
    const points = mountPointsIn(folder).map((point) => point.slice(path.length + 1));
    if (points.length === 0) return;
    for (const point of points) onParent(at, point, separate);
    for (const point of points.toReversed()) onParent(at, point, detach);
  }
}

/** Outermost first. */
function mountPointsIn(folder: string): string[] {
  return readMounts()
    .map(({ mountPoint }) => mountPoint)
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .toSorted((left, right) => left.split('/').length - right.split('/').length);
}

type Act = (parent: number, name: string) => void;

function onParent(at: number, point: string, act: Act): void {
  try {
    using parent = openParent(at, point);
    act(parent.fd, posix.basename(point));
  } catch (error) {
    // It went with another mount, or a file that was mounted on is gone.
    if (!isKernelError(error, 'ENOENT', 'EINVAL', 'ENOTDIR')) throw error;
  }
}

function openParent(at: number, point: string): Descriptor {
  return openat2(at, posix.dirname(point), {
    flags: OpenFlag.path | OpenFlag.directory,
    resolve: ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMagicLinks,
  });
}

function separate(at: number, path: string): void {
  setMountAttributes({ at, path }, { propagation: 'private', recursive: true });
}

function detach(at: number, name: string): void {
  unmount(`/proc/self/fd/${at}/${name}`, UnmountFlag.detach);
}

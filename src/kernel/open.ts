import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';
import type { Path } from './addon/file-addon.ts';

/** Stands for the process's working folder where a call takes a folder's descriptor. */
export const currentFolder = -100;

/** Flags of open(2), to be or-ed. O_CLOEXEC is always set, so it has no name here. */
export const OpenFlag = addon.openFlags();

/** How a path is walked, openat2(2); to be or-ed. */
export const ResolveFlag = {
  /** No crossing of mount points, bind mounts included (EXDEV). */
  noMounts: 0x01,
  /** No links such as /proc/PID/fd/N, which lead anywhere (ELOOP). */
  noMagicLinks: 0x02,
  /** No symbolic link at all, at any place of the path (ELOOP). */
  noSymlinks: 0x04,
  /** Nothing above the folder, by `..`, absolute path or link (EXDEV). */
  beneath: 0x08,
  /** The folder is the root: `..` and absolute links end there, as after chroot. */
  inRoot: 0x10,
  /** Only what is in the kernel's cache, without waiting for a disk (EAGAIN). */
  cached: 0x20,
} as const;

export interface OpenHow {
  /** OpenFlag values, or-ed; reading when left out. */
  readonly flags?: number;
  /** The mode of a file that is created. */
  readonly mode?: number;
  /** ResolveFlag values, or-ed. */
  readonly resolve?: number;
}

/**
 * Opens a file relative to a folder's descriptor, openat2(2). The caller closes the result.
 * EAGAIN after a concurrent rename is tried again, a bounded number of times.
 * Throws KernelError: EXDEV or ELOOP when `resolve` forbids the path, ENOSYS before Linux 5.6.
 */
export function openat2(at: number, path: Path, how: OpenHow = {}): Descriptor {
  const { flags = 0, mode = 0, resolve = 0 } = how;
  return new Descriptor(addon.openat2(at, path, flags, mode, resolve));
}

/**
 * Opens a path as a program chrooted to the folder `at` would see it: links, `..` and absolute
 * paths stay inside, links of /proc are refused. For paths that come from an image or a container.
 */
export function openInRoot(at: number, path: Path, how: OpenHow = {}): Descriptor {
  const resolve = (how.resolve ?? 0) | ResolveFlag.inRoot | ResolveFlag.noMagicLinks;
  return openat2(at, path, { ...how, resolve });
}

/** Opens a folder for use as `at`. Equivalent: `open(path, O_PATH | O_DIRECTORY)`. */
export function openFolder(path: Path): Descriptor {
  return openat2(currentFolder, path, { flags: OpenFlag.path | OpenFlag.directory });
}

import { addon } from './addon.ts';
import type { Path } from './addon/file-addon.ts';

/** Flags of mount(2), to be or-ed. */
export const MountFlag = {
  readOnly: 0x1,
  noSuid: 0x2,
  noDev: 0x4,
  noExec: 0x8,
  synchronous: 0x10,
  /** Changes a mount that is there. With `bind`, the flags of this mount alone. */
  remount: 0x20,
  folderSync: 0x80,
  noSymlinkFollow: 0x100,
  noAccessTime: 0x400,
  noFolderAccessTime: 0x800,
  /** Shows a folder or file a second time; other flags need a `remount` afterwards. */
  bind: 0x1000,
  move: 0x2000,
  recursive: 0x4000,
  silent: 0x8000,
  relativeAccessTime: 0x200000,
  strictAccessTime: 0x1000000,
  lazyTime: 0x2000000,
} as const;

export interface MountRequest {
  /** A device, a folder for `bind`, or a name that only mountinfo shows. */
  readonly source?: Path;
  /** Followed if it is a link: pass `/proc/self/fd/N` of a folder that was opened safely. */
  readonly target: Path;
  /** `tmpfs`, `overlay`; left out for bind, move and remount. */
  readonly fileSystem?: string;
  /** MountFlag values, or-ed. */
  readonly flags?: number;
  /** Options of the file system, with commas between; the kernel takes 4095 bytes. */
  readonly data?: string;
}

/**
 * Mounts, mount(2), in the calling thread's mount namespace, which on the main thread is the
 * process's. Throws KernelError EPERM without CAP_SYS_ADMIN, EBUSY, EINVAL, ENODEV for a file
 * system that the kernel lacks; `FileSystemContext` says more about why.
 */
export function mount(request: MountRequest): void {
  const { source, target, fileSystem, flags = 0, data } = request;
  addon.mount(source, target, fileSystem, flags, data);
}

/** Flags of umount2(2), to be or-ed. A link as the last part is never followed. */
export const UnmountFlag = {
  /** Breaks off what a server that is gone would hold up (NFS). */
  force: 1,
  /** Takes it out of sight now and ends it when the last user goes. `umount --lazy` */
  detach: 2,
  /** Marks it (EAGAIN), and the second call unmounts if nobody used it in between. */
  expire: 4,
} as const;

const noFollow = 8;

/** Unmounts the topmost mount there. EBUSY while it is used, EINVAL when nothing is mounted. */
export function unmount(target: Path, flags = 0): void {
  addon.umount2(target, flags | noFollow);
}

/**
 * Makes `root`, a mount point, the root of the mount namespace, and puts the old root on `old`,
 * a folder beneath it: only in a mount namespace of your own. `pivotRoot('.', '.')` puts it on top
 * of the new one; then `unmount('.', UnmountFlag.detach)`. EINVAL when a mount is shared.
 */
export function pivotRoot(root: Path, old: Path): void {
  addon.pivotRoot(root, old);
}

/** Where mounts made below this one appear: mount_namespaces(7). */
export type Propagation = 'shared' | 'slave' | 'private' | 'unbindable';

/** MS_UNBINDABLE and the like; mount_setattr takes the same. */
export const propagationFlags: Readonly<Record<Propagation, number>> = {
  unbindable: 0x20000,
  private: 0x40000,
  slave: 0x80000,
  shared: 0x100000,
};

/** Equivalent: `mount --make-private`, and with `recursive` `--make-rprivate`. */
export function setPropagation(
  target: Path,
  propagation: Propagation,
  options: { readonly recursive?: boolean } = {},
): void {
  const flags = propagationFlags[propagation];
  mount({ target, flags: options.recursive === true ? flags | MountFlag.recursive : flags });
}

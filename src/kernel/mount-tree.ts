import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';
import type { Path } from './addon/file-addon.ts';
import type { Place } from './file.ts';
import { propagationFlags, type Propagation } from './mount.ts';
import type { Namespace } from './namespace.ts';

/** Attributes of a mount, mount_setattr(2), to be or-ed. */
export const MountAttribute = {
  readOnly: 0x1,
  noSuid: 0x2,
  noDev: 0x4,
  noExec: 0x8,
  noAccessTime: 0x10,
  strictAccessTime: 0x20,
  noFolderAccessTime: 0x80,
  noSymlinkFollow: 0x200000,
} as const;

/** The three ways to keep access times are one field: to set one, this is cleared. */
const accessTimes = 0x70;
const idMapped = 0x100000;
const recursively = 0x8000;

/**
 * A mount by a descriptor, open_tree(2). With `clone` it is a copy that is attached nowhere:
 * change it with `setMountAttributes`, then `moveMount` it into place. It ends with the descriptor
 * if it is still attached nowhere. The empty path means `at` itself. Linux 5.2 (ENOSYS).
 */
export function openTree(
  at: number,
  path: Path,
  options: { readonly clone?: boolean; readonly recursive?: boolean } = {},
): Descriptor {
  const flags = (options.clone === true ? 1 : 0) | (options.recursive === true ? recursively : 0);
  return new Descriptor(addon.openTree(at, path, flags));
}

export interface MoveMountOptions {
  /** Under the topmost mount there, instead of over it (Linux 6.5). */
  readonly beneath?: boolean;
  /** Moves nothing: `from` joins the peer group of `to` (Linux 5.15). */
  readonly setGroup?: boolean;
}

/**
 * Attaches a detached mount, or moves an attached one, move_mount(2). Both places are taken as they
 * are: a link at the end is not followed. Throws KernelError EINVAL when only one of the two is a
 * folder, or when the mount above the moved one is shared; ELOOP for a mount moved into itself.
 */
export function moveMount(from: Place, to: Place, options: MoveMountOptions = {}): void {
  const flags = (options.setGroup === true ? 0x100 : 0) | (options.beneath === true ? 0x200 : 0);
  addon.moveMount(from.at, from.path, to.at, to.path, flags);
}

export interface MountAttributes {
  /** MountAttribute values, or-ed. */
  readonly set?: number;
  readonly clear?: number;
  readonly propagation?: Propagation;
  /**
   * Files appear with ids turned by this user namespace's maps: owned by host id X on disk, they
   * show as the id that the namespace gives X. Only on a mount that is attached nowhere and by a
   * namespace that is not the file system's own (EINVAL); not every file system can (EINVAL).
   */
  readonly idMap?: Namespace;
  /** The mounts beneath as well. */
  readonly recursive?: boolean;
}

/** Changes a mount, mount_setattr(2), all of it or nothing. Linux 5.12 (ENOSYS). */
export function setMountAttributes(place: Place, attributes: MountAttributes): void {
  const { set = 0, clear = 0, propagation, idMap, recursive = false } = attributes;
  const { noAccessTime, strictAccessTime } = MountAttribute;
  const setsAccessTimes = (set & (noAccessTime | strictAccessTime)) !== 0;
  const clearsAccessTimes = (clear & (noAccessTime | strictAccessTime)) !== 0;
  addon.mountSetattr(
    place.at,
    place.path,
    recursive ? recursively : 0,
    idMap === undefined ? set : set | idMapped,
    setsAccessTimes || clearsAccessTimes ? clear | accessTimes : clear,
    propagation === undefined ? 0 : propagationFlags[propagation],
    idMap?.fd ?? 0,
  );
}

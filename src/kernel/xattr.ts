import { DomainError, isKernelError } from '../base/error.ts';
import { addon } from './addon.ts';
import type { Path } from './addon/file-addon.ts';

/** An open descriptor (O_PATH too), or a path whose last part is never followed. */
export type XattrTarget = number | Path;

/** The attribute's value; undefined when there is none. Equivalent: `getfattr -h -n NAME`. */
export function getXattr(target: XattrTarget, name: string): Buffer | undefined {
  try {
    return addon.getxattr(target, checked(name));
  } catch (error) {
    if (isKernelError(error, 'ENODATA')) return undefined;
    throw error;
  }
}

/**
 * The names of all attributes. Without CAP_SYS_ADMIN those of `trusted.` are not shown.
 * A file system without attributes has none (EOPNOTSUPP is not an error here).
 */
export function listXattrs(target: XattrTarget): string[] {
  try {
    return addon
      .listxattr(target)
      .toString()
      .split('\0')
      .filter((name) => name !== '');
  } catch (error) {
    if (isKernelError(error, 'EOPNOTSUPP')) return [];
    throw error;
  }
}

export interface SetXattrOptions {
  /** `create` fails with EEXIST when it is there, `replace` with ENODATA when it is not. */
  readonly only?: 'create' | 'replace';
}

/** An attribute and its value, at most 64 KiB (E2BIG). */
export interface Xattr {
  readonly name: string;
  readonly value: Uint8Array;
}

/** Equivalent: `setfattr -h -n NAME -v VALUE`. EOPNOTSUPP: this file system or file type (user.
 * attributes on links and devices) has none; EPERM: `trusted.` and `security.` need privileges. */
export function setXattr(target: XattrTarget, xattr: Xattr, options: SetXattrOptions = {}): void {
  const flags = options.only === undefined ? 0 : { create: 1, replace: 2 }[options.only];
  addon.setxattr(target, checked(xattr.name), xattr.value, flags);
}

/** Removes an attribute; nothing happens when there is none. */
export function removeXattr(target: XattrTarget, name: string): void {
  try {
    addon.removexattr(target, checked(name));
  } catch (error) {
    if (!isKernelError(error, 'ENODATA')) throw error;
  }
}

/** C would see the name up to its NUL byte: another name than the caller judged. */
function checked(name: string): string {
  if (name.includes('\0')) throw new DomainError('invalid', 'Attribute name holds a NUL byte');
  return name;
}

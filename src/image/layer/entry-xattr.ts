import { limits } from '../../base/limits.ts';
import { refuse } from './entry-path.ts';
import { isCarriedXattr } from './overlay-xattr.ts';
import type { TarEntry } from './tar-entry.ts';

/**
 * The extended attributes of an entry that are put on disk; see {@link isCarriedXattr}. Throws
 * DomainError `invalid` where one exceeds a bound or is a malformed capability.
 */
export function allowedXattrs(entry: TarEntry): (readonly [name: string, value: Uint8Array])[] {
  if (entry.xattrs.size === 0) return [];
  if (entry.xattrs.size > limits.tarXattrs) {
    throw refuse(entry.name, `has more than ${limits.tarXattrs} extended attributes`);
  }
  return [...entry.xattrs].filter(([name, value]) => isAllowed(entry, name, value));
}

function isAllowed(entry: TarEntry, name: string, value: Uint8Array): boolean {
  if (name.length > 255 || value.length > limits.xattrBytes || name.includes('\0')) {
    const bound = `the bound of ${limits.xattrBytes} bytes`;
    throw refuse(entry.name, `has an extended attribute beyond ${bound}, "${name.slice(0, 100)}"`);
  }
  if (name === 'security.capability') return checkCapability(entry, value);
  return isCarriedXattr(name);
}

/**
 *   struct vfs_cap_data { __le32 magic_etc; struct { __le32 permitted, inheritable; } data[2]; };
 *   struct vfs_ns_cap_data adds __le32 rootid;
 *
 * The top byte of magic_etc is the revision: 2 has 20 bytes, 3 has 24. Revision 1 (12 bytes) went
 * out of use with Linux 2.6.26.
 */
function checkCapability(entry: TarEntry, value: Uint8Array): boolean {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const revision = bytes.length < 4 ? 0 : bytes.readUInt32LE(0) >>> 24;
  const isValid =
    (revision === 2 && bytes.length === 20) || (revision === 3 && bytes.length === 24);
  if (isValid && entry.type === 'file') return true;
  throw refuse(entry.name, 'has a malformed security.capability attribute');
}

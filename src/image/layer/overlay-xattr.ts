/** What overlayfs reads as: nothing of lower layers shows through this folder. */
export const opaqueXattr = { name: 'trusted.overlay.opaque', value: Buffer.from('y') } as const;

const carried = ['user.', 'system.posix_acl_'];

/**
 * True for extended attributes that belong in a layer. The others would give orders to the host's
 * overlayfs or security modules, not to the container: `trusted.*`, `user.overlay.*`, and
 * `security.*` other than capabilities.
 */
export function isCarriedXattr(name: string): boolean {
  if (name === 'security.capability') return true;
  return !name.startsWith('user.overlay.') && carried.some((prefix) => name.startsWith(prefix));
}

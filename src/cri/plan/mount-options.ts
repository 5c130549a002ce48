import { DomainError } from '../../base/error.ts';

/**
 * Words that take rights away or say how times are kept. Their opposites are not among them: a
 * request may not give back what the host's own mount has taken.
 */
const words = new Set(
  'ro nosuid nodev noexec nosymfollow noatime nodiratime relatime strictatime'.split(' '),
);

/**
 * `mount_options` of a request's mount, for it and for all mounts below its source: `noexec` that
 * ended at a mount point would be none. Throws DomainError `invalid` for any other word.
 */
export function mountOptionsOf(options: readonly string[], destination: string): string[] {
  return options.map((word) => {
    if (words.has(word)) return `r${word}`;
    const known = [...words].join(', ');
    throw new DomainError(
      'invalid',
      `Mount option "${word}" at "${destination}" is none of ${known}`,
    );
  });
}

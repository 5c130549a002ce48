import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { release } from 'node:os';

/** A reason to skip, or false: for tests that need root. */
export const withoutRoot = process.getuid?.() === 0 ? false : 'needs root';

/** A reason to skip on older kernels, or without root. */
export function beforeLinux(major: number, minor: number): string | false {
  const [ours = 0, second = 0] = release().split('.').map(Number);
  if (ours < major || (ours === major && second < minor)) return `needs Linux ${major}.${minor}`;
  return withoutRoot;
}

/** A reason to skip where the kernel refuses user namespaces: it does so to all in a chroot. */
export function withoutUserNamespaces(): string | false {
  if (spawnSync('unshare', ['--user', 'true']).status === 0) return withoutRoot;
  return 'user namespaces cannot be made here (a chroot?)';
}

export function withoutNamespace(kind: string): string | false {
  return existsSync(`/proc/self/ns/${kind}`)
    ? withoutRoot
    : `this kernel has no ${kind} namespaces`;
}

import { release } from 'node:os';

/** A reason to skip, or false: for tests that need root. */
export const withoutRoot = process.getuid?.() === 0 ? false : 'needs root';

/** A reason to skip on older kernels, or without root. */
export function beforeLinux(major: number, minor: number): string | false {
  const [ours = 0, second = 0] = release().split('.').map(Number);
  if (ours < major || (ours === major && second < minor)) return `needs Linux ${major}.${minor}`;
  return withoutRoot;
}

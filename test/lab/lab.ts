import { existsSync } from 'node:fs';

/** The reason why this machine cannot boot the lab's, or false. */
export function unable(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = !existsSync('/usr/bin/linux.uml') || !existsSync('/usr/lib/uml/modules');
  return missing && 'needs the Debian package user-mode-linux';
}

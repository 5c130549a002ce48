import { isKernelError } from '../../../base/error.ts';
import type { Descriptor } from '../../../kernel/descriptor.ts';
import { fchmodat, mkdirat } from '../../../kernel/file.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../../kernel/open.ts';

/** Opens a folder by a relative path; links are refused, mounts of ours entered. */
export function openBeneath(at: number, path: string): Descriptor {
  return openat2(at, path, {
    flags: OpenFlag.directory | OpenFlag.noFollow,
    resolve: ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMagicLinks,
  });
}

/** The same, undefined when it is not there. */
export function findBeneath(at: number, path: string): Descriptor | undefined {
  try {
    return openBeneath(at, path);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Makes a path of folders, each with the mode when it is new, and opens the last. */
export function ensureFolders(at: number, path: string, mode: number): Descriptor {
  const parts = path.split('/');
  for (let length = 1; length <= parts.length; length += 1) {
    const folder = parts.slice(0, length).join('/');
    if (!makeFolder(at, folder, mode)) continue;
    using made = openBeneath(at, folder);
    fchmodat(made.fd, '', mode);
  }
  return openBeneath(at, path);
}

/** False when it was there. */
function makeFolder(at: number, path: string, mode: number): boolean {
  try {
    mkdirat(at, path, mode);
    return true;
  } catch (error) {
    if (isKernelError(error, 'EEXIST')) return false;
    throw error;
  }
}

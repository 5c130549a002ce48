import { type FileHandle, open } from 'node:fs/promises';
import { relative } from 'node:path';
import { DomainError, isKernelError } from '../../base/error.ts';
import { openat2, openFolder, OpenFlag, ResolveFlag } from '../../kernel/open.ts';
import { fstat, isRegular } from '../../kernel/stat.ts';

/**
 * Opens a container's log below the folder of all logs; undefined where there is none. A pod that
 * may write there must not have us read other files of the host: no link is followed, and what is
 * no regular file is refused. Throws DomainError `denied`.
 */
export async function openContainerLog(
  logs: string,
  path: string,
): Promise<FileHandle | undefined> {
  const inside = relative(logs, path);
  try {
    using folder = openFolder(logs);
    // A fifo would block for ever.
    using file = openat2(folder.fd, inside, {
      flags: OpenFlag.nonBlocking,
      resolve: ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMagicLinks,
    });
    if (!isRegular(fstat(file.fd))) throw denied(path, 'it is no regular file');
    // The very file that was checked, as Node wants it.
    return await open(`/proc/self/fd/${file.fd}`, 'r');
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isKernelError(error, 'ELOOP', 'EXDEV')) throw denied(path, 'it leads elsewhere');
    throw error;
  }
}

function denied(path: string, why: string): DomainError {
  return new DomainError('denied', `The log ${JSON.stringify(path)} is not read: ${why}`);
}

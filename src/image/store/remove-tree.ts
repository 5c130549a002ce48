import { execFile } from 'node:child_process';
import { rm, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasCode } from '../../base/error.ts';

const run = promisify(execFile);

/**
 * Removes a file or a whole tree; succeeds when it is gone already. Nothing but the store writes
 * there while it runs, and links are removed, not followed.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await unlink(path);
    return;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    if (!hasCode(error, 'EISDIR', 'EPERM')) throw error;
  }
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    // A container can make trees so deep that their paths are longer than the kernel takes; rm(1)
    // walks by descriptors.
    if (!hasCode(error, 'ENAMETOOLONG')) throw error;
    await run('rm', ['-rf', '--one-file-system', '--', path]);
  }
}

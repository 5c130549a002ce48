import { promises } from 'node:fs';
import { DomainError, hasCode } from '../base/error.ts';
import { formatWhole } from './codec.ts';
import type { CgroupFolder } from './folder.ts';

/** Off the event loop, because the write returns when the kernel has done the work. */
export async function reclaimMemory(folder: CgroupFolder, bytes: number): Promise<boolean> {
  const text = formatWhole(bytes, 1, Number.MAX_SAFE_INTEGER);
  try {
    await promises.writeFile(`${folder.ownPath}/memory.reclaim`, text, { flag: 'r+' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return false;
    if (!hasCode(error, 'ENOENT', 'EACCES')) throw error;
    const subject = `Cannot reclaim memory of cgroup "${folder.path}"`;
    throw new DomainError('unsupported', `${subject}: it has no memory.reclaim (Linux 5.19)`);
  }
}

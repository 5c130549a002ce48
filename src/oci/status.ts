import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, isDomainError } from '../base/error.ts';
import type { Hierarchy } from '../cgroup/hierarchy.ts';
import { addon } from '../kernel/addon.ts';
import { closeDescriptor } from '../kernel/descriptor.ts';
import { isAlive } from './process.ts';
import type { OciRecord } from './record.ts';

export type OciStatus = 'creating' | 'created' | 'running' | 'paused' | 'stopped';

/** The socket in a container's folder that its first process waits at. */
export const startSocket = 'start.sock';

/** As the kernel shows it now: nobody has to tell. */
export function statusOf(record: OciRecord, folder: string, hierarchy: Hierarchy): OciStatus {
  if (record.pid === 0) {
    return isAlive(record.maker, record.makerStartTime) ? 'creating' : 'stopped';
  }
  if (!isAlive(record.pid, record.startTime)) return 'stopped';
  if (waitsForStart(folder)) return 'created';
  return isFrozen(hierarchy, record.cgroupPath) ? 'paused' : 'running';
}

/** Who connects and leaves is no start: the process goes on waiting. */
export function waitsForStart(folder: string): boolean {
  try {
    closeDescriptor(addon.socketConnect(folder, startSocket));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    if (!hasCode(error, 'ECONNREFUSED')) throw error;
    rmSync(join(folder, startSocket), { force: true });
    return false;
  }
}

function isFrozen(hierarchy: Hierarchy, path: string): boolean {
  try {
    using cgroup = hierarchy.open(path);
    return cgroup.frozen();
  } catch (error) {
    if (isDomainError(error, 'notFound')) return false;
    throw error;
  }
}

/** The state document (runtime.md), with runc's further fields. */
export function stateOf(record: OciRecord, status: OciStatus, owner: string): object {
  const { ociVersion, id, pid, bundle, rootfs, created, annotations } = record;
  return {
    ociVersion,
    id,
    pid: status === 'stopped' ? 0 : pid,
    status,
    bundle,
    rootfs,
    created,
    ...(annotations === undefined ? {} : { annotations }),
    owner,
  };
}

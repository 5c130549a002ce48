import { DomainError } from '../base/error.ts';
import type { Call } from './call.ts';

/** `pause ID` */
export async function pause(call: Call): Promise<void> {
  const { record, status } = call.container();
  if (status !== 'running' && status !== 'created') {
    throw new DomainError('conflict', 'container not running');
  }
  using cgroup = call.context.hierarchy.open(record.cgroupPath);
  await cgroup.freeze();
  call.client.exit(0);
}

/** `resume ID` */
export async function resume(call: Call): Promise<void> {
  const { record, status } = call.container();
  using cgroup = call.context.hierarchy.open(record.cgroupPath);
  // A container that waits to be started can be frozen too, and shows as created.
  if (status !== 'paused' && !cgroup.frozen()) {
    throw new DomainError('conflict', 'container not paused');
  }
  await cgroup.thaw();
  call.client.exit(0);
}

import { DomainError, isDomainError, messageOf } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { removeCgroup } from '../container/limit-cgroup.ts';
import type { Call } from './call.ts';
import { runOciHooks } from './hooks.ts';
import { signalAll } from './kill.ts';
import { untilGone } from './process.ts';

/** `delete`: what has stopped or never ran; with `--force` also what runs, or is not there. */
export async function deleteContainer(call: Call): Promise<void> {
  const force = call.line.flags.on('force');
  const id = call.id();
  if (!call.records.has(id)) {
    if (force) return call.client.exit(0);
    throw new DomainError('notFound', 'container does not exist');
  }
  try {
    await discard(call, id, force);
  } catch (error) {
    // A container whose files cannot be read is still one that can be removed.
    if (!force || !isDomainError(error, 'invalid')) throw error;
    call.warn(messageOf(error));
    call.records.remove(id);
  }
  call.client.exit(0);
}

async function discard(call: Call, id: string, force: boolean): Promise<void> {
  const { record, status } = call.container();
  if (!force && status !== 'stopped' && status !== 'created') {
    throw new DomainError(
      'conflict',
      `cannot delete container ${id} that is not stopped: ${status}`,
    );
  }
  await signalAll(call, record, 9);
  await untilGone(record);
  await removeCgroup(call.cgroups(record.unit), record.cgroupPath);
  fault('oci.delete.after-cgroup');
  if (record.pid > 0) {
    await runOciHooks(call, { record, spec: call.records.spec(id) }, 'poststop');
  }
  call.records.remove(id);
}

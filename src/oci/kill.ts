import { DomainError, hasCode, isDomainError } from '../base/error.ts';
import { openProcess, signalProcess } from '../kernel/pidfd.ts';
import { signalNumber } from '../kernel/signal.ts';
import type { Call } from './call.ts';
import { openAlive } from './process.ts';
import type { OciRecord } from './record.ts';

/** `kill ID [SIGNAL]`: to the first process, or with `--all` to each. */
export async function kill(call: Call): Promise<void> {
  const signal = signalOf(call.line.args[1] ?? 'SIGTERM');
  const { record, status } = call.container();
  if (call.line.flags.on('all')) await signalAll(call, record, signal);
  else if (status === 'stopped') throw new DomainError('conflict', 'container not running');
  else signalFirst(record, signal);
  call.client.exit(0);
}

function signalOf(text: string): number {
  try {
    return signalNumber(text);
  } catch {
    throw new DomainError('invalid', `unknown signal "${text}"`);
  }
}

export function signalFirst(record: OciRecord, signal: number): void {
  using process = openAlive(record.pid, record.startTime);
  signalProcess(process.fd, signal);
}

/** SIGKILL by the kernel in one step; any other to whom is there when it is asked. */
export async function signalAll(call: Call, record: OciRecord, signal: number): Promise<void> {
  try {
    using cgroup = call.context.hierarchy.open(record.cgroupPath);
    if (signal === 9) return await cgroup.kill();
    for (const pid of cgroup.processes({ recursive: true })) signalOne(pid, signal);
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
}

function signalOne(pid: number, signal: number): void {
  try {
    using process = openProcess(pid);
    signalProcess(process.fd, signal);
  } catch (error) {
    if (!isDomainError(error, 'notFound') && !hasCode(error, 'ESRCH')) throw error;
  }
}

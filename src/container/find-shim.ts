import { readdirSync, readFileSync } from 'node:fs';
import { hasCode } from '../base/error.ts';

/**
 * The pid of the process that calls itself a pod's shim, without asking it; undefined when there is
 * none. For ids that no other runtime's pod on this machine has.
 */
export function findShim(podId: string): number | undefined {
  const title = `keelson-shim\0shim\0${podId}\0`;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => commandOf(pid) === title);
  return found === undefined ? undefined : Number(found);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

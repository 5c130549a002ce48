import { readFileSync } from 'node:fs';
import type { Logger } from '../base/log.ts';

const lowest = -1000;
/** CAP_SYS_RESOURCE of linux/capability.h. */
const sysResource = 24n;

/**
 * Without CAP_SYS_RESOURCE nobody lowers an oom_score_adj: pods then get no less than this process
 * itself has. Kubelet and runtime are no better off than each other.
 */
export function leastOomScore(log: Logger): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if (((effective >> sysResource) & 1n) === 1n) return lowest;
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  log.warn(`no CAP_SYS_RESOURCE: no pod gets an oom_score_adj below ${own}`);
  return own;
}

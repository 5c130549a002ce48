import { statfs } from 'node:fs/promises';
import { DomainError } from '../../base/error.ts';
import { FileSystem } from '../../kernel/stat.ts';
import { checkAddresses } from './addresses.ts';
import { LiveNode } from './live-node.ts';
import { readMemory } from './machine.ts';
import type { LiveNodeState, NodeStateOptions } from './node-options.ts';

/**
 * Observes the node, registers it where there is a client, and keeps Node and Lease up to date.
 * Throws `unsupported` for swap or old cgroups that the configuration forbids, `invalid` for wrong
 * addresses.
 */
export async function openNodeState(options: NodeStateOptions): Promise<LiveNodeState> {
  if (options.addresses !== undefined) checkAddresses(options.addresses);
  const swapBytes = (await readMemory()).get('SwapTotal') ?? 0;
  if (options.configuration.failSwapOn && swapBytes > 0) {
    const words = 'Swap is on: switch it off, or set failSwapOn to false';
    throw new DomainError('unsupported', words);
  }
  if (options.configuration.failCgroupV1 && !(await hasUnifiedCgroups())) {
    const words = 'The cgroups are not v2: boot with them, or set failCgroupV1 to false';
    throw new DomainError('unsupported', words);
  }
  options.tell({ type: 'Normal', reason: 'Starting', message: 'Starting kubelet.' });
  return await LiveNode.open(options);
}

async function hasUnifiedCgroups(): Promise<boolean> {
  const found = await statfs('/sys/fs/cgroup').catch(() => undefined);
  return found?.type === FileSystem.cgroup2;
}

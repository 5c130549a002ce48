import { existsSync } from 'node:fs';
import type { HostChange } from '../../base/host-change.ts';
import { Ledger } from '../../base/ledger.ts';
import { openHierarchy } from '../../cgroup/hierarchy.ts';

/** Where the kubelet has its pods' volumes: its default. */
const podFolder = '/var/lib/kubelet/pods';
/** By the driver that it has. */
const podGroups = ['kubepods', 'kubepods.slice'];

/**
 * Puts on record what the kubelet makes for pods as they come: their volumes' mounts, and the tree
 * of their cgroups unless somebody else has one. Each time, for a reboot takes both away.
 */
export async function recordKubelet(ledgerFolder: string): Promise<void> {
  const changes: HostChange[] = [{ kind: 'mounts', path: podFolder }];
  using hierarchy = openHierarchy();
  for (const name of podGroups) {
    const path = `${hierarchy.mountPoint}/${name}`;
    if (!existsSync(path)) changes.push({ kind: 'cgroup', path });
  }
  await using ledger = await Ledger.open(ledgerFolder, 'up');
  await ledger.record(...changes);
}

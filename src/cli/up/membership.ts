import type { ClusterNetwork } from '../../api/cluster-network.ts';
import { readState, writeState } from '../../base/state-file.ts';

/** What a node was told at its first `keelson up`: later ones do without the flags. */
export interface Remembered {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly mode: 'vxlan' | 'routed';
  /** Absent where it is the usual one. */
  readonly network?: ClusterNetwork;
  /** The cluster that it joined; absent where the coordinator is its own. */
  readonly server?: string;
}

/** Undefined before the first time. Throws DomainError `invalid` for a damaged file. */
export async function recall(root: string): Promise<Remembered | undefined> {
  return (await readState(pathIn(root))) as Remembered | undefined;
}

export function remember(root: string, remembered: Remembered): Promise<void> {
  return writeState(pathIn(root), remembered);
}

function pathIn(root: string): string {
  return `${root}/node.json`;
}

import { statfsSync } from 'node:fs';
import { type Lease, readLeases } from '../../cni-plugins/host-local/read-leases.ts';
import type { NetworkConfiguration } from '../cni/configuration.ts';
import { discoverNetworks } from '../cni/discovery.ts';
import { Journal, type JournalRecord } from '../cni/journal.ts';
import { isObject } from '../cni/json.ts';
import { type CachedAttachment, ResultCache } from '../cni/result-cache.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import { journalFolder } from './open-resident.ts';

/** What is on record of a machine's attachments: each source says something of its own. */
export interface CniState {
  /** Of the configuration folder, and of attachments to networks that are no longer in it. */
  readonly networks: readonly NetworkConfiguration[];
  /** Of every runtime that keeps results as libcni does. */
  readonly cached: readonly CachedAttachment[];
  /** Of our own plugins. */
  readonly records: readonly JournalRecord[];
  /** Of every network whose addresses are host-local's. */
  readonly leases: readonly NetworkLease[];
  /** Paths of the attachments' namespaces that are there. */
  readonly namespaces: ReadonlySet<string>;
}

export interface NetworkLease extends Lease {
  readonly network: string;
  readonly dataFolder: string;
}

export async function readCniState(config: RuntimeConfig): Promise<CniState> {
  const cached = new ResultCache(config.cniCache).list();
  const records = new Journal(journalFolder(config)).list();
  const { networks: found } = await discoverNetworks(config.cniConfig);
  const networks = new Map(cached.map(({ network }) => [network.name, network]));
  for (const { network } of found) networks.set(network.name, network);
  const paths = [
    ...cached.map(({ attachment }) => attachment.netns ?? ''),
    ...records.map(({ entry }) => entry.environment['CNI_NETNS'] ?? ''),
  ];
  return {
    networks: [...networks.values()],
    cached,
    records,
    leases: [...networks.values()].flatMap(leasesOf),
    namespaces: new Set(paths.filter(isNamespace)),
  };
}

function leasesOf(network: NetworkConfiguration): readonly NetworkLease[] {
  const folders = network.plugins.flatMap(({ document: { ipam } }) => {
    if (!isObject(ipam) || ipam['type'] !== 'host-local') return [];
    const { dataDir } = ipam;
    return [typeof dataDir === 'string' && dataDir !== '' ? dataDir : '/var/lib/cni/networks'];
  });
  return [...new Set(folders)].flatMap((dataFolder) =>
    readLeases(dataFolder, network.name).map((lease) => ({
      ...lease,
      network: network.name,
      dataFolder,
    })),
  );
}

/** A file that a namespace was pinned on stays when the machine starts anew; the namespace not. */
function isNamespace(path: string): boolean {
  const nsfsMagic = 0x6e73_6673;
  try {
    return path !== '' && statfsSync(path).type === nsfsMagic;
  } catch {
    return false;
  }
}

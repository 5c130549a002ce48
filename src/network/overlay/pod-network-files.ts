import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../../base/error.ts';
import { fault } from '../../base/fault.ts';
import type { HostChange } from '../../base/host-change.ts';
import type { Ledger } from '../../base/ledger.ts';
import { writeVolatileState, writeWhole } from '../../base/state-file.ts';
import { readSysctls } from '../../kernel/sysctl.ts';
import type { OverlayPlan } from './plan.ts';
import { writeRecorded } from './recorded-sysctls.ts';

/** Where this node's plugins learn of its network, and how pods are attached to it. */
export interface PodNetworkFiles {
  /** `/etc/cni/net.d` */
  readonly configurationFolder: string;
  /** `/run/keelson/network.json`: what changes, with the node's range. */
  readonly networkFile: string;
  /** Where addresses that pods have are kept: `/var/lib/keelson/pod-addresses`. */
  readonly addressFolder: string;
  /** The plugin that attaches a pod: see `cni-plugins/overlay`. */
  readonly attach: 'ptp' | 'bridge' | 'proxy';
}

export const conflistName = '10-keelson.conflist';
export const networkName = 'keelson';

/**
 * Tells the plugins of the node's ranges, and the runtime of the network: from here on it reports
 * NetworkReady. What the plugins of the network make on the host is put on record before.
 */
export async function writePodNetwork(
  files: PodNetworkFiles,
  plan: OverlayPlan,
  ledger: Ledger,
): Promise<void> {
  const { configurationFolder, networkFile } = files;
  const path = join(configurationFolder, conflistName);
  const present = await readIfThere(path);
  const text = `${JSON.stringify(conflistOf(files), undefined, 2)}\n`;
  await ledger.record(...changesOf(files, present === text ? undefined : present));
  if (files.attach === 'bridge') await trackBridged(ledger);
  await mkdir(dirname(networkFile), { recursive: true, mode: 0o700 });
  writeVolatileState(networkFile, { ranges: plan.ownRanges, mtu: plan.mtu });
  fault('overlay-told');
  if (present === text) return;
  await mkdir(configurationFolder, { recursive: true, mode: 0o755 });
  await writeWhole(path, text);
  fault('overlay-attached');
}

/** What the plugins of the network leave on a host besides what goes with its pods. */
function changesOf(files: PodNetworkFiles, former: string | undefined): readonly HostChange[] {
  const { configurationFolder, networkFile, addressFolder } = files;
  const isNew = !existsSync(configurationFolder);
  return [
    ...(isNew ? ([{ kind: 'folder', path: configurationFolder, whole: false }] as const) : []),
    {
      kind: 'file',
      path: join(configurationFolder, conflistName),
      ...(former !== undefined && { former }),
    },
    { kind: 'file', path: networkFile },
    { kind: 'folder', path: addressFolder, whole: true },
    { kind: 'table', family: 'inet', name: 'keelson_portmap' },
    ...(files.attach === 'bridge' ? ([{ kind: 'link', name: bridgeName }] as const) : []),
  ];
}

export const bridgeName = 'keelson0';

/** Older runtimes know 1.0.0 alone, newer ones take the newest that is offered. */
export function conflistOf({ networkFile, addressFolder, attach }: PodNetworkFiles): object {
  return {
    cniVersion: '1.0.0',
    cniVersions: ['1.0.0', '1.1.0'],
    name: networkName,
    plugins: [
      {
        type: 'overlay',
        networkFile,
        attach,
        ...(attach === 'bridge' && { bridge: bridgeName }),
        dataDir: addressFolder,
      },
      { type: 'portmap', capabilities: { portMappings: true } },
      { type: 'bandwidth', capabilities: { bandwidth: true } },
    ],
  };
}

/**
 * Pods of one bridge answer each other past the host's rules, which then take back no address that
 * they translated, unless the bridge shows them its packets. Where the module is not loaded there
 * are no such settings.
 */
async function trackBridged(ledger: Ledger): Promise<void> {
  const names = ['iptables', 'ip6tables'].map((name) => `net/bridge/bridge-nf-call-${name}`);
  const values = await readSysctls(names);
  const present = names.filter((_, index) => values[index] !== undefined);
  await writeRecorded(
    ledger,
    present.map((name) => ({ name, value: '1' })),
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

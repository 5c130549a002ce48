import { isKernelError } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { tryWriteSysctls } from '../../src/kernel/sysctl.ts';
import { type Connection, link } from '../../src/netlink/index.ts';
import { randomMac } from '../mac.ts';
import type { BridgeConfiguration } from './configuration.ts';

/** The alias of a bridge that a plugin made. */
export const bridgeTag = 'keelson/bridge';

/**
 * The network's bridge, made when there is none, and up. Router advertisements are not listened to
 * on it: a container could make itself the host's gateway (CVE-2020-10749).
 */
export async function ensureBridge(
  host: Connection,
  configuration: BridgeConfiguration,
): Promise<link.Link> {
  const { bridge: name, promiscuous } = configuration;
  const found = (await link.find(host, name)) ?? (await createBridge(host, configuration));
  if (found.kind !== 'bridge') {
    throw new CniError(CniCode.internal, `"${name}" already exists but is not a bridge`);
  }
  if (configuration.vlanFiltering && found.data?.['vlanFiltering'] !== 1) throw unfiltered(name);
  if (!isOurs(found)) await refuseAdvertisements(name);
  const change = {
    ...(!found.up && { up: true }),
    ...(promiscuous && { promiscuous: true }),
  };
  if (Object.keys(change).length > 0) await link.set(host, found.index, change);
  return found;
}

/** One that a plugin made has its own link address for good, and was told all it must be told. */
export function isOurs({ alias }: link.Link): boolean {
  return alias === bridgeTag;
}

async function refuseAdvertisements(name: string): Promise<void> {
  await tryWriteSysctls([{ name: `net/ipv6/conf/${name}/accept_ra`, value: '0' }]);
}

function unfiltered(name: string): CniError {
  return new CniError(
    CniCode.unsupportedField,
    `Bridge "${name}" does not filter by VLAN, so VLANs would not be kept apart`,
    'switch it on (ip link set NAME type bridge vlan_filtering 1), or let the plugin make it; ' +
      'the kernel needs CONFIG_BRIDGE_VLAN_FILTERING',
  );
}

/** Two ADDs may make the first pod's bridge at the same time. */
async function createBridge(
  host: Connection,
  configuration: BridgeConfiguration,
): Promise<link.Link> {
  const { bridge: name, mtu, vlanFiltering } = configuration;
  try {
    await link.create(host, {
      kind: 'bridge',
      name,
      address: randomMac(),
      ...(mtu !== undefined && { mtu }),
      ...(vlanFiltering && { data: { vlanFiltering: 1 } }),
    });
    await refuseAdvertisements(name);
    // Last: the mark says that all of this was done.
    await link.set(host, name, { alias: bridgeTag });
  } catch (error) {
    if (vlanFiltering && isKernelError(error, 'EOPNOTSUPP')) throw unfiltered(name);
    if (!isKernelError(error, 'EEXIST')) throw error;
  }
  const made = await link.get(host, name);
  // Some kernels without the feature do not say so, they pass over it.
  if (vlanFiltering && made.data?.['vlanFiltering'] !== 1) await link.remove(host, made.index);
  return made;
}

import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin } from '../../src/cni/plugin.ts';
import type { NetworkResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { writeSysctls } from '../../src/kernel/sysctl.ts';
import { conntrack, link, nftables, open, route } from '../../src/netlink/index.ts';
import { previousResultOf } from '../previous-result.ts';
import { netfilter, requireNetfilter } from '../netfilter.ts';
import { tagOf } from '../owner.ts';
import { hostOf } from '../prefix.ts';
import { parseConfiguration, podAddresses, type PortmapConfiguration } from './configuration.ts';
import { forward } from './forward.ts';
import { describeMapping, type Entry, planEntries, type PodAddresses } from './plan.ts';
import { collect, unforward } from './unforward.ts';

/**
 * Meta plugin `portmap`: ports of the host that lead to a pod, as elements of a few maps of
 * nf_tables. The first packet of a connection costs two look-ups, however many ports there are.
 */
export const portmap: CniPlugin = {
  type: 'portmap',
  specVersions,

  async add(request) {
    const configuration = parseConfiguration(request);
    const result = previousResultOf(request);
    if (configuration.mappings.length === 0) return result;
    const addresses = podAddresses(result, request.interfaceName);
    const entries = planEntries(configuration, addresses);
    if (entries.length === 0) return result;
    const localnet = await openLocalnet(configuration, addresses);
    await forward(request, entries, localnet);
    await forgetDatagrams(configuration);
    return result;
  },

  async delete(request) {
    const configuration = parseConfiguration(request);
    if (configuration.mappings.length === 0) return;
    const { previousResult: result } = request;
    const addresses = result && podAddresses(result, request.interfaceName);
    const devices = result === undefined ? [] : await ownDevices(result);
    await unforward({ owner: request, configuration, addresses, devices });
  },

  async check(request) {
    const configuration = parseConfiguration(request);
    const result = previousResultOf(request);
    const connection = await netfilter();
    const addresses = podAddresses(result, request.interfaceName);
    for (const entry of planEntries(configuration, addresses)) {
      const found = await nftables.findElement(connection, entry.set, entry.element.key);
      if (found?.comment !== tagOf(request) || !sameData(found, entry.element)) refuse(entry);
    }
  },

  async status(request) {
    parseConfiguration(request);
    await requireNetfilter();
  },

  async collectGarbage({ networkName, validAttachments }) {
    await collect(networkName, validAttachments);
  },
};

/**
 * Lets connections of the host's localhost leave towards the pod: 127.0.0.1 may not cross a routing
 * boundary otherwise. Gives the interface they leave by.
 */
async function openLocalnet(
  { snat }: PortmapConfiguration,
  { 4: address }: PodAddresses,
): Promise<string | undefined> {
  if (!snat || address === undefined) return undefined;
  using host = await open();
  const { index } = await route.get(host, hostOf(address));
  if (index === undefined) return undefined;
  const { name } = await link.get(host, index);
  await writeSysctls([{ name: `net/ipv4/conf/${name}/route_localnet`, value: '1' }]);
  return name;
}

/** The host's ends of the pod's own veths; those that are ports of a bridge have no routes. */
async function ownDevices(result: NetworkResult): Promise<readonly string[]> {
  using host = await open();
  const own = [];
  for (const { name, sandbox = '' } of result.interfaces) {
    const found = sandbox === '' ? await link.find(host, name) : undefined;
    if (found?.kind === 'veth' && (found.master ?? 0) === 0) own.push(name);
  }
  return own;
}

/**
 * A UDP flow that began before the mapping goes on to where it went: to the host itself, or to a
 * pod that is gone. Forgotten, its next packet is looked at anew.
 */
async function forgetDatagrams({ mappings }: PortmapConfiguration): Promise<void> {
  const ports = new Set(
    mappings.filter(({ protocol }) => protocol === 'udp').map(({ hostPort }) => hostPort),
  );
  if (ports.size === 0) return;
  const connection = await netfilter();
  const flows = await conntrack.list(connection, { protocol: 'udp' });
  const stale = flows.filter(({ original }) => ports.has(original.destinationPort ?? -1));
  await connection.batch(stale.map((flow) => conntrack.removeRequest(flow)));
}

function sameData(found: nftables.Element, wanted: nftables.Element): boolean {
  return JSON.stringify(found.data) === JSON.stringify(wanted.data);
}

function refuse({ mapping, element }: Entry): never {
  const what =
    mapping === undefined ? `masquerade ${JSON.stringify(element.key)}` : describeMapping(mapping);
  throw new CniError(CniCode.internal, `${what} is missing or leads elsewhere`);
}

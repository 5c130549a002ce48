import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import type { NetworkResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { bridgePort, link, open } from '../../src/netlink/index.ts';
import { requireNetfilter } from '../netfilter.ts';
import { previousResultOf } from '../previous-result.ts';
import { all, undoable } from '../undo.ts';
import { type FirewallConfiguration, parseConfiguration } from './configuration.ts';
import {
  checkFirewalld,
  closeByFirewalld,
  isFirewalldRunning,
  openByFirewalld,
} from './firewalld.ts';
import { checkIptables, closeByIptables, openByIptables } from './iptables.ts';
import {
  closeFor,
  collect,
  forgetBridges,
  isIsolated,
  isolate,
  isOpenFor,
  openFor,
} from './nftables.ts';

/**
 * Meta plugin `firewall`: lets through what is forwarded to and from a pod, after the
 * administrator's rules; and closes bridges to each other, or pods of one, by `ingressPolicy`.
 */
export const firewall: CniPlugin = {
  type: 'firewall',
  specVersions,

  async add(request) {
    const configuration = parseConfiguration(request);
    const result = previousResultOf(request);
    const addresses = result.addresses.map(({ address }) => address);
    await undoable(async (undo) => {
      undo(() => letNoMoreThrough(request, configuration, addresses));
      await letThrough(request, configuration, addresses);
      await applyPolicy(configuration, result);
    });
    return result;
  },

  async delete(request) {
    const addresses = request.previousResult?.addresses.map(({ address }) => address) ?? [];
    await letNoMoreThrough(request, parseConfiguration(request), addresses);
  },

  async check(request) {
    const configuration = parseConfiguration(request);
    const { adminChain, ingressPolicy, zone } = configuration;
    const result = previousResultOf(request);
    const addresses = result.addresses.map(({ address }) => address);
    const backend = await backendOf(configuration);
    if (backend === 'iptables') await checkIptables(addresses, adminChain);
    else if (backend === 'firewalld') await checkFirewalld(zone, addresses);
    else if (!(await isOpenFor({ owner: request, addresses, adminChain }))) {
      throw new CniError(CniCode.internal, 'an address of the pod is not let through');
    }
    if (ingressPolicy === 'open') return;
    const bridge = bridgeOf(result, ingressPolicy);
    if (await isIsolated(bridge, ingressPolicy === 'isolated')) return;
    throw new CniError(CniCode.internal, `bridge "${bridge}" is not closed to others`);
  },

  async status(request) {
    parseConfiguration(request);
    await requireNetfilter();
  },

  async collectGarbage({ networkName, validAttachments }) {
    await collect(networkName, validAttachments);
    using host = await open();
    await forgetBridges(new Set((await link.list(host)).map(({ name }) => name)));
  },
};

async function backendOf({ backend }: FirewallConfiguration) {
  if (backend !== 'automatic') return backend;
  return (await isFirewalldRunning()) ? 'firewalld' : 'nftables';
}

async function letThrough(
  owner: PluginRequest,
  configuration: FirewallConfiguration,
  addresses: readonly string[],
): Promise<void> {
  const { adminChain, zone } = configuration;
  const backend = await backendOf(configuration);
  if (backend === 'iptables') await openByIptables(addresses, adminChain);
  else if (backend === 'firewalld') await openByFirewalld(zone, addresses);
  else await openFor({ owner, addresses, adminChain });
}

/** firewalld may have been started, or ended, since the ADD. */
async function letNoMoreThrough(
  owner: PluginRequest,
  { backend, zone }: FirewallConfiguration,
  addresses: readonly string[],
): Promise<void> {
  if (backend === 'iptables') return await closeByIptables(addresses);
  await all(
    () => closeFor(owner, addresses),
    () => closeByFirewalld(zone, addresses),
  );
}

/**
 * Packets within a bridge are seen by rules only where br_netfilter is on, so isolated pods are
 * isolated as ports too. A bridge stays closed after its last pod, as with the reference.
 */
async function applyPolicy(
  { ingressPolicy, adminChain }: FirewallConfiguration,
  result: NetworkResult,
): Promise<void> {
  if (ingressPolicy === 'open') return;
  const bridge = bridgeOf(result, ingressPolicy);
  await isolate(bridge, { within: ingressPolicy === 'isolated', adminChain });
  if (ingressPolicy !== 'isolated') return;
  using host = await open();
  const master = await link.find(host, bridge);
  for (const { name, sandbox = '' } of result.interfaces) {
    const port = sandbox === '' ? await link.find(host, name) : undefined;
    if (master === undefined || port?.master !== master.index) continue;
    await bridgePort.set(host, port.index, { isolated: true });
  }
}

/** The first interface of a result is the bridge, when the chain begins with the bridge plugin. */
function bridgeOf({ interfaces }: NetworkResult, policy: string): string {
  const [first] = interfaces;
  if (first === undefined || first.name === '') {
    throw new CniError(
      CniCode.invalidConfiguration,
      `interface needs to be set for ingress policy "${policy}", ` +
        'make sure to chain "firewall" plugin with "bridge"',
    );
  }
  return first.name;
}

import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import { familyOf, type NetworkResult } from '../../src/cni/result.ts';
import { tryWriteSysctls } from '../../src/kernel/sysctl.ts';
import { type Connection, link, neighbour, open, route } from '../../src/netlink/index.ts';
import { checkInterface } from '../check-interface.ts';
import { commit } from '../commit.ts';
import { configureInterface } from '../container-interface.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { configuredDns } from '../dns.ts';
import { enableForwarding } from '../forwarding.ts';
import { deleteWith, type Ipam, ipamOf } from '../ipam.ts';
import { ownerOf } from '../owner.ts';
import { hostOf } from '../prefix.ts';
import { type Undo, undoable } from '../undo.ts';
import { collectVeths, createVeth, removeVeth, type Veth } from '../veth.ts';

/**
 * A pod has an address and no network around it: whatever it sends goes to the host, which answers
 * for everybody (proxy ARP). No address of the range is taken by a gateway, and a pod sees of the
 * node's link nothing but its own end.
 */
export const proxy: Omit<CniPlugin, 'type' | 'specVersions'> = {
  async add(request, signal) {
    const ipam = requireIpam(request, signal);
    // Open until all is undone: taking back needs the connections too.
    using host = await open();
    using container = await ContainerNamespace.open(request);
    return await undoable((undo) => attach({ request, ipam, host, container, undo }));
  },

  async delete(request, signal) {
    using host = await open();
    await deleteWith(ipamOf(request, signal), () => removeVeth(host, request));
  },

  async check(request, signal) {
    await requireIpam(request, signal).check();
    using container = await ContainerNamespace.open(request);
    await checkInterface(container, request, 'veth');
  },

  async status(request, signal) {
    await requireIpam(request, signal).status();
  },

  async collectGarbage(request, signal) {
    using host = await open();
    await collectVeths(host, request.networkName, request.validAttachments);
    await ipamOf(request, signal)?.collectGarbage();
  },
};

function requireIpam(request: PluginRequest, signal: AbortSignal): Ipam {
  const ipam = ipamOf(request, signal);
  if (ipam !== undefined) return ipam;
  throw new CniError(CniCode.invalidConfiguration, 'overlay has no IPAM configuration');
}

interface Work {
  readonly request: PluginRequest;
  readonly ipam: Ipam;
  readonly host: Connection;
  readonly container: ContainerNamespace;
  readonly undo: Undo;
}

/** Nobody has them: the pod's packets are addressed to the host's end of the pair. */
const gateways = { 4: '169.254.1.1', 6: 'fe80::1' } as const;

async function attach({ request, ipam, host, container, undo }: Work): Promise<NetworkResult> {
  const mtu = new Fields(request.config, 'the overlay configuration').index('mtu');
  const owner = ownerOf(request);
  const veth = await createVeth(host, { owner, container, ...(mtu !== undefined && { mtu }) });
  undo(() => removeVeth(host, request));
  await prepareHostEnd(veth.hostName);
  const given = await ipam.add(undo);
  const result = resultOf(request, veth, given);
  const own = result.addresses.map(({ address }) => address);
  await enableForwarding(own);
  const device = await link.indexOf(host, veth.hostName);
  await commit(
    host,
    own.map((to) => route.addRequest({ to, device, scope: 'link' })),
  );
  await bringUp(container, veth, result);
  return result;
}

/** The host answers for all, at once, and is told nothing by the pod. */
async function prepareHostEnd(name: string): Promise<void> {
  await tryWriteSysctls([
    { name: `net/ipv4/conf/${name}/proxy_arp`, value: '1' },
    { name: `net/ipv4/neigh/${name}/proxy_delay`, value: '0' },
    { name: `net/ipv6/conf/${name}/accept_ra`, value: '0' },
  ]);
}

function resultOf(request: PluginRequest, veth: Veth, given: NetworkResult): NetworkResult {
  const addresses = given.addresses.map(({ address }) => ({
    address: alone(address),
    gateway: gateways[familyOf(address)],
    interface: 1,
  }));
  const families = [...new Set(addresses.map(({ address }) => familyOf(address)))];
  return {
    interfaces: [
      { name: veth.hostName, mac: veth.hostMac },
      { name: veth.containerName, mac: veth.containerMac, sandbox: request.netns },
    ],
    addresses,
    routes: families.map((family) => ({
      destination: family === 6 ? '::/0' : '0.0.0.0/0',
      gateway: gateways[family],
    })),
    dns: configuredDns(request) ?? given.dns,
  };
}

/** The gateway is on no network of the pod's, so it is said to be on the link first. */
async function bringUp(
  container: ContainerNamespace,
  { containerName: name, containerIndex: index, hostMac }: Veth,
  result: NetworkResult,
): Promise<void> {
  const sysctls = [{ name: `net/ipv6/conf/${name}/accept_ra`, value: '0' }];
  await configureInterface(container, { name, index, result: { ...result, routes: [] }, sysctls });
  const families = result.routes.map(({ gateway = '' }) => gateway);
  await commit(
    container.connection,
    families.flatMap((gateway) => [
      // Nothing is asked for before the first packet.
      neighbour.replaceRequest({ device: index, address: gateway, linkAddress: hostMac }),
      route.addRequest({ to: alone(gateway), device: index, scope: 'link' }),
      route.addRequest({
        to: gateway.includes(':') ? '::/0' : '0.0.0.0/0',
        via: gateway,
        device: index,
        onLink: true,
      }),
    ]),
  );
}

function alone(address: string): string {
  const host = hostOf(address);
  return `${host}/${familyOf(host) === 6 ? 128 : 32}`;
}

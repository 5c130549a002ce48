import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import { familyOf, type NetworkResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { tryWriteSysctls } from '../../src/kernel/sysctl.ts';
import {
  address,
  type Connection,
  link,
  open,
  type Request,
  route,
} from '../../src/netlink/index.ts';
import { checkInterface } from '../check-interface.ts';
import { commit } from '../commit.ts';
import { configureInterface } from '../container-interface.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { configuredDns } from '../dns.ts';
import { enableForwarding } from '../forwarding.ts';
import { deleteWith, type Ipam, ipamOf } from '../ipam.ts';
import {
  addMasquerade,
  checkMasquerade,
  collectMasquerade,
  masqueradeBackendIn,
  lastingBackend,
  removeMasquerade,
} from '../masquerade/masquerade.ts';
import { ownerOf } from '../owner.ts';
import { hostOf, networkOf } from '../prefix.ts';
import { all, type Undo, undoable } from '../undo.ts';
import { collectVeths, createVeth, removeVeth } from '../veth.ts';

/**
 * A pair between host and container, and routes: every packet goes through the host, also between
 * containers of one network. The host's end has the gateway's address.
 */
export const ptp: CniPlugin = {
  type: 'ptp',
  specVersions,

  async add(request, signal) {
    const fields = new Fields(request.config, 'the ptp configuration');
    const plan = { mtu: fields.index('mtu') || undefined, backend: masqueradeBackendIn(fields) };
    const ipam = requireIpam(request, signal);
    // Open until all is undone: taking back needs the connections too.
    using host = await open();
    using container = await ContainerNamespace.open(request);
    const work = { request, ...plan, ipam, host, container };
    return await undoable((undo) => attach({ ...work, undo }));
  },

  async delete(request, signal) {
    using host = await open();
    await deleteWith(
      ipamOf(request, signal),
      () => removeVeth(host, request),
      () => removeMasquerade(ownerOf(request), lastingBackend(request.config)),
    );
  },

  async check(request, signal) {
    await requireIpam(request, signal).check();
    using container = await ContainerNamespace.open(request);
    await checkInterface(container, request, 'veth');
    const backend = masqueradeBackendIn(new Fields(request.config, 'the ptp configuration'));
    if (backend === undefined) return;
    const addresses = request.previousResult?.addresses.map((one) => one.address) ?? [];
    await checkMasquerade({ owner: ownerOf(request), addresses, backend });
  },

  async status(request, signal) {
    await requireIpam(request, signal).status();
  },

  async collectGarbage(request, signal) {
    const { networkName, validAttachments: valid } = request;
    using host = await open();
    await all(
      () => collectVeths(host, networkName, valid),
      () => collectMasquerade(networkName, valid, lastingBackend(request.config)),
      async () => ipamOf(request, signal)?.collectGarbage(),
    );
  },
};

function requireIpam(request: PluginRequest, signal: AbortSignal): Ipam {
  const ipam = ipamOf(request, signal);
  if (ipam !== undefined) return ipam;
  throw new CniError(CniCode.invalidConfiguration, 'ptp requires an IPAM configuration');
}

interface Work {
  readonly request: PluginRequest;
  readonly mtu: number | undefined;
  readonly backend: ReturnType<typeof masqueradeBackendIn>;
  readonly ipam: Ipam;
  readonly host: Connection;
  readonly container: ContainerNamespace;
  readonly undo: Undo;
}

async function attach(work: Work): Promise<NetworkResult> {
  const { request, mtu, backend, ipam, host, container, undo } = work;
  const owner = ownerOf(request);
  const veth = await createVeth(host, { owner, container, ...(mtu !== undefined && { mtu }) });
  undo(() => removeVeth(host, request));
  await tryWriteSysctls([{ name: `net/ipv6/conf/${veth.hostName}/accept_ra`, value: '0' }]);
  const given = await ipam.add(undo);
  const points = pointsOf(given);
  const { containerName: name, containerIndex: index } = veth;
  const addresses = given.addresses.map((one) => ({ ...one, interface: 1 }));
  const interfaces = [
    { name: veth.hostName, mac: veth.hostMac },
    { name, mac: veth.containerMac, sandbox: request.netns },
  ];
  const result = { ...given, interfaces, addresses, dns: configuredDns(request) ?? given.dns };
  await enableForwarding(addresses.map((one) => one.address));
  await configureHostEnd(host, veth.hostName, points);
  const sysctls = [{ name: `net/ipv6/conf/${name}/accept_ra`, value: '0' }];
  await configureInterface(container, { name, index, result, sysctls });
  await commit(container.connection, routesByGateway(index, points));
  if (backend !== undefined) {
    const plan = { owner, addresses: addresses.map((one) => one.address), backend };
    undo(() => removeMasquerade(owner, backend));
    await addMasquerade(plan);
  }
  return result;
}

/** An address with prefix length, and the host's on the other end. */
interface Point {
  readonly own: string;
  readonly gateway: string;
}

/** The host's end has the gateway's address, so there must be one for each. */
function pointsOf({ addresses }: NetworkResult): readonly Point[] {
  return addresses.map(({ address: own, gateway }) => {
    if (gateway !== undefined) return { own, gateway };
    const text = `IPAM plugin returned no gateway for "${own}", which ptp needs`;
    throw new CniError(CniCode.internal, text);
  });
}

/** The gateway's address alone, and a route to the container's alone. */
async function configureHostEnd(
  host: Connection,
  name: string,
  points: readonly Point[],
): Promise<void> {
  const device = await link.indexOf(host, name);
  const requests = points.flatMap(({ own, gateway }) => [
    {
      request: address.addRequest({
        device,
        address: alone(gateway),
        // The host has it on each pair of the network: of course it is used already.
        ...(familyOf(own) === 6 && { noDuplicateDetection: true }),
      }),
      harmless: points.length > 1 ? ['EEXIST'] : [],
    },
    route.addRequest({ to: alone(hostOf(own)), device, scope: 'host' }),
  ]);
  await commit(host, requests);
}

/**
 * In the place of the route that the kernel makes for the address: the gateway is on the link, and
 * everybody else of the network behind it. A veth cannot be a point-to-point link.
 */
function routesByGateway(device: number, points: readonly Point[]): readonly Request[] {
  return points.flatMap(({ own, gateway }) => {
    const network = networkOf(own);
    const source = hostOf(own);
    return [
      route.removeRequest({ to: network, device }),
      route.addRequest({ to: alone(gateway), device, scope: 'link', source }),
      route.addRequest({ to: network, device, via: gateway, scope: 'global', source }),
    ];
  });
}

function alone(host: string): string {
  return `${host}/${familyOf(host) === 6 ? 128 : 32}`;
}

import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import type { NetworkResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { tryWriteSysctls } from '../../src/kernel/sysctl.ts';
import { type Connection, link, open } from '../../src/netlink/index.ts';
import { configureInterface } from '../container-interface.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { noDns } from '../dns.ts';
import { enableForwarding } from '../forwarding.ts';
import { deleteWith, type Ipam, ipamOf } from '../ipam.ts';
import {
  addMasquerade,
  collectMasquerade,
  lastingBackend,
  removeMasquerade,
} from '../masquerade/masquerade.ts';
import { ownerOf } from '../owner.ts';
import { addSpoofCheck, collectSpoofChecks, removeSpoofCheck } from '../spoof-check/spoof-check.ts';
import { all, type Undo, undoable } from '../undo.ts';
import { collectVeths, createVeth, removeVeth, type Veth } from '../veth.ts';
import { ensureBridge, isOurs } from './bridge-link.ts';
import { checkBridge } from './check.ts';
import { type BridgeConfiguration, parseConfiguration } from './configuration.ts';
import { ensureGateway, type GatewayPlan, planGateways } from './gateway.ts';
import { configurePort, waitForPort } from './port.ts';
import { ensureVlanGateway } from './vlan-gateway.ts';

/** Containers are ports of a bridge on the host, which can be their gateway. */
export const bridge: CniPlugin = {
  type: 'bridge',
  specVersions,

  async add(request, signal) {
    const configuration = parseConfiguration(request);
    const ipam = ipamOf(request, signal);
    // Open until all is undone: taking back needs the connections too.
    using host = await open();
    using container = await ContainerNamespace.open(request);
    const work = { request, configuration, ipam, host, container };
    return await undoable((undo) => attach({ ...work, undo }));
  },

  async delete(request, signal) {
    const ipam = ipamOf(request, signal);
    using host = await open();
    await deleteWith(
      ipam,
      () => removeVeth(host, request),
      () => removeRules(request),
    );
  },

  async check(request, signal) {
    const configuration = parseConfiguration(request);
    await ipamOf(request, signal)?.check();
    using host = await open();
    using container = await ContainerNamespace.open(request);
    await checkBridge({ request, configuration, host, container });
  },

  async status(request, signal) {
    parseConfiguration(request);
    await ipamOf(request, signal)?.status();
  },

  async collectGarbage(request, signal) {
    const { networkName, validAttachments: valid } = request;
    const ipam = ipamOf(request, signal);
    using host = await open();
    await all(
      () => collectVeths(host, networkName, valid),
      () => collectMasquerade(networkName, valid, lastingBackend(request.config)),
      () => collectSpoofChecks(networkName, valid),
      ...(ipam === undefined ? [] : [ipam.collectGarbage]),
    );
  },
};

interface Work {
  readonly request: PluginRequest;
  readonly configuration: BridgeConfiguration;
  readonly ipam: Ipam | undefined;
  readonly host: Connection;
  readonly container: ContainerNamespace;
  readonly undo: Undo;
}

async function attach(work: Work): Promise<NetworkResult> {
  const { request, configuration, host, container, undo } = work;
  const device = await ensureBridge(host, configuration);
  const owner = ownerOf(request);
  const { mac, mtu } = configuration;
  const veth = await createVeth(host, {
    owner,
    container,
    master: device.index,
    ...(mac !== undefined && { mac }),
    ...(mtu !== undefined && { mtu }),
  });
  undo(() => removeVeth(host, request));
  await tryWriteSysctls([{ name: `net/ipv6/conf/${veth.hostName}/accept_ra`, value: '0' }]);
  await configurePort(host, veth.hostName, { settings: configuration, bridge: device });
  const plan = await addressesOf(work);
  if (configuration.spoofCheck) {
    undo(() => removeSpoofCheck(owner));
    await addSpoofCheck({ owner, veth, gateways: plan.gateways });
  }
  const interfaces = await interfacesOf(work, { device, veth, plan });
  const result = { ...plan.result, interfaces, dns: configuration.dns ?? plan.result.dns };
  await bringUp(work, { veth, result });
  await masquerade(work, result);
  return result;
}

/** Without an IPAM plugin the bridge carries frames alone. */
async function addressesOf({ configuration, ipam, undo }: Work): Promise<GatewayPlan> {
  if (ipam === undefined) {
    return { result: { interfaces: [], addresses: [], routes: [], dns: noDns }, gateways: [] };
  }
  return planGateways(configuration, await ipam.add(undo));
}

interface Made {
  readonly device: link.Link;
  readonly veth: Veth;
  readonly plan: GatewayPlan;
}

/** Gives the host its addresses. The result's interfaces in the reference's order. */
async function interfacesOf(work: Work, { device, veth, plan }: Made) {
  const { request, configuration, host } = work;
  const gateway =
    configuration.vlan !== 0 && plan.gateways.length > 0
      ? await ensureVlanGateway(host, { bridge: device, settings: configuration })
      : undefined;
  for (const wanted of plan.gateways) {
    await ensureGateway(host, {
      device: gateway ?? device,
      wanted,
      force: configuration.forceAddress,
    });
  }
  await enableForwarding(plan.gateways);
  // A bridge that somebody else made may have taken the address of its new port.
  const { name, address: mac = '' } = isOurs(device) ? device : await link.get(host, device.index);
  return [
    { name, mac },
    { name: veth.hostName, mac: veth.hostMac },
    { name: veth.containerName, mac: veth.containerMac, sandbox: request.netns },
    ...(gateway === undefined ? [] : [{ name: gateway.name, mac: gateway.address ?? '' }]),
  ];
}

async function bringUp(
  { configuration, ipam, host, container }: Work,
  { veth, result }: { readonly veth: Veth; readonly result: NetworkResult },
): Promise<void> {
  if (configuration.disableContainerInterface) return;
  const { containerName: name, containerIndex: index, containerMac: mac } = veth;
  if (ipam === undefined) {
    await link.set(container.connection, index, { up: true });
    return await waitForPort(host, veth.hostName);
  }
  // Addresses and routes are known: another container must not be able to add to them.
  const sysctls = configuration.isGateway
    ? [{ name: `net/ipv6/conf/${name}/accept_ra`, value: '0' }]
    : [];
  const { detectDuplicates } = configuration;
  await configureInterface(container, { name, index, result, sysctls, detectDuplicates });
  await waitForPort(host, veth.hostName);
  // What the kernel announced when the interface went up was lost before the port forwarded.
  // Setting the link address, even to what it is, makes it announce again (arp_notify).
  await link.set(container.connection, index, { address: mac });
}

async function masquerade(
  { request, configuration, undo }: Work,
  result: NetworkResult,
): Promise<void> {
  const { masquerade: backend } = configuration;
  const addresses = result.addresses.map(({ address }) => address);
  if (backend === undefined || addresses.length === 0) return;
  const plan = { owner: ownerOf(request), addresses, backend };
  undo(() => removeMasquerade(plan.owner, backend));
  await addMasquerade(plan);
}

/** Also when the configuration says no more that there are some. */
async function removeRules(request: PluginRequest): Promise<void> {
  const owner = ownerOf(request);
  await all(
    () => removeMasquerade(owner, lastingBackend(request.config)),
    () => removeSpoofCheck(owner),
  );
}

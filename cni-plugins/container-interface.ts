import { setTimeout as delay } from 'node:timers/promises';
import { CniCode, CniError } from '../src/cni/cni-error.ts';
import { familyOf, type NetworkResult, type ResultRoute } from '../src/cni/result.ts';
import { type Sysctl, tryWriteSysctls } from '../src/kernel/sysctl.ts';
import { address, link, route, type Request } from '../src/netlink/index.ts';
import type { RouteScope } from '../src/netlink/route-name.ts';
import { commit } from './commit.ts';
import type { ContainerNamespace } from './container-namespace.ts';
import { broadcastOf } from './prefix.ts';

/** How an interface is brought up. */
export interface InterfacePlan {
  readonly name: string;
  readonly index: number;
  /** Addresses with no interface, and those of others, are left out. */
  readonly result: NetworkResult;
  /**
   * IPv6 asks the neighbours first whether they have the address, which takes a second or more.
   * Off unless the operator wants it: addresses from a lease are nobody else's.
   */
  readonly detectDuplicates?: boolean;
  /** Beside `accept_dad`, `arp_notify` and `ndisc_notify`. */
  readonly sysctls?: readonly Sysctl[];
}

/**
 * Gives an interface its addresses, brings it up and sets its routes: one visit of the namespace
 * for the settings and one batch of messages. Neighbours learn of it at once (`arp_notify`,
 * `ndisc_notify`), so that those who knew another container by this address do not wait.
 */
export async function configureInterface(
  container: ContainerNamespace,
  plan: InterfacePlan,
): Promise<void> {
  const addresses = ownAddresses(plan);
  const six = addresses.some((one) => familyOf(one) === 6);
  const waits = six && plan.detectDuplicates === true;
  await writeSettings(container, plan, six);
  await commit(container.connection, [
    ...addresses.map((one) => addressRequest(plan, one)),
    link.setRequest(plan.index, { up: true }),
    ...(waits ? [] : routeRequests(plan)),
  ]);
  if (!waits) return;
  await settled(container, plan);
  await commit(container.connection, routeRequests(plan));
}

function ownAddresses({ name, result }: InterfacePlan): readonly string[] {
  return result.addresses
    .filter(({ interface: index }) => index !== undefined)
    .map(({ address: text, interface: index = 0 }) => {
      if (result.interfaces[index]?.name === name) return text;
      throw new CniError(
        CniCode.internal,
        `failed to add IP addr ${text} to "${name}": invalid interface index`,
      );
    });
}

async function writeSettings(
  container: ContainerNamespace,
  plan: InterfacePlan,
  six: boolean,
): Promise<void> {
  const needed = six ? ipv6Settings(plan.name) : [];
  const settings = [...needed, ...usualSettings(plan)];
  const failures = await tryWriteSysctls(settings, container.namespace);
  // A kernel may lack others of them, and all of those for IPv6 where nobody needs it.
  const failure = failures.find(({ path }) => needed.some(({ name }) => name === path));
  if (failure !== undefined) throw failure;
}

/** A runtime may have switched IPv6 off in the namespace. */
function ipv6Settings(name: string): readonly Sysctl[] {
  return [
    { name: 'net/ipv6/conf/lo/disable_ipv6', value: '0' },
    { name: `net/ipv6/conf/${name}/disable_ipv6`, value: '0' },
    // Otherwise the kernel takes the addresses away whenever the interface goes down.
    { name: `net/ipv6/conf/${name}/keep_addr_on_down`, value: '1' },
  ];
}

function usualSettings({ name, detectDuplicates, sysctls = [] }: InterfacePlan) {
  const six = `net/ipv6/conf/${name}`;
  return [
    ...(detectDuplicates === true
      ? [
          { name: `${six}/enhanced_dad`, value: '1' },
          { name: `${six}/accept_dad`, value: '1' },
        ]
      : [{ name: `${six}/accept_dad`, value: '0' }]),
    { name: `net/ipv4/conf/${name}/arp_notify`, value: '1' },
    { name: `${six}/ndisc_notify`, value: '1' },
    ...sysctls,
  ];
}

function addressRequest({ index, detectDuplicates }: InterfacePlan, text: string): Request {
  const broadcast = broadcastOf(text);
  // `accept_dad` alone leaves it tentative for a moment, in which no route can have it as source.
  const noDuplicateDetection = familyOf(text) === 6 && detectDuplicates !== true;
  return address.addRequest({
    device: index,
    address: text,
    ...(noDuplicateDetection && { noDuplicateDetection }),
    ...(broadcast !== undefined && { broadcast }),
  });
}

/**
 * A route without a gateway goes to the first gateway of its family, as the reference has it. One
 * that is then the same as another (a default route of the IPAM plugin, and `isDefaultGateway`)
 * is made once; the kernel would refuse the second.
 */
function routeRequests({ index, result }: InterfacePlan): readonly Request[] {
  const gateways = result.addresses.flatMap(({ gateway }) => gateway ?? []);
  const planned = result.routes.map((each) => {
    const family = familyOf(each.destination);
    const via = each.gateway ?? gateways.find((gateway) => familyOf(gateway) === family);
    return { ...each, ...(via !== undefined && { gateway: via }) };
  });
  const distinct = new Map(planned.map((each) => [JSON.stringify(each), each]));
  return [...distinct.values()].map((each) => routeRequest(each, index));
}

export function routeRequest(
  { destination, gateway, priority, table, scope, mtu, advmss }: ResultRoute,
  device: number,
): Request {
  const metrics = {
    ...(mtu !== undefined && { mtu }),
    ...(advmss !== undefined && { advertisedMss: advmss }),
  };
  return route.prependRequest({
    to: destination,
    device,
    ...(gateway !== undefined && { via: gateway }),
    scope: scopeNames[scope ?? 0] ?? 'global',
    ...(priority !== undefined && { metric: priority }),
    ...(table !== undefined && { table }),
    ...(Object.keys(metrics).length > 0 && { metrics }),
  });
}

/** linux/rtnetlink.h: RT_SCOPE_*. */
const scopeNames: Readonly<Record<number, RouteScope>> = {
  0: 'global',
  200: 'site',
  253: 'link',
  254: 'host',
  255: 'nowhere',
};

const settleMs = 5000;
const settlePollMs = 20;

/** Waits until duplicate address detection has ended; throws when an address is a duplicate. */
async function settled(container: ContainerNamespace, { index, name }: InterfacePlan) {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const found = await address.list(container.connection, { device: index, family: 'ipv6' });
    const duplicate = found.find(({ flags }) => (flags & duplicateFlag) !== 0);
    if (duplicate !== undefined) {
      throw new CniError(CniCode.internal, `Address ${duplicate.address} is somebody else's`);
    }
    if (found.every(({ tentative }) => !tentative)) return;
    if (Date.now() > deadline) {
      throw new CniError(CniCode.tryAgainLater, `failed to settle addresses for "${name}"`);
    }
    await delay(settlePollMs);
  }
}

const duplicateFlag = 0x08;

import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { familyOf, type NetworkResult, type ResultAddress } from '../../src/cni/result.ts';
import { address, type Connection, link } from '../../src/netlink/index.ts';
import { commit } from '../commit.ts';
import { broadcastOf, canonical, firstOf, hostOf, holds, networkOf } from '../prefix.ts';
import { prefixLengthOf } from '../prefix.ts';
import type { BridgeConfiguration } from './configuration.ts';

/** What the IPAM plugin gave, with gateways and default routes as the bridge adds them. */
export interface GatewayPlan {
  readonly result: NetworkResult;
  /** The host's own addresses on the bridge, with prefix length. */
  readonly gateways: readonly string[];
}

/** The container's interface is the third of the result. */
const containerInterface = 2;

/** Fills in what the configuration adds to the addresses of the IPAM plugin. */
export function planGateways(
  { isGateway, isDefaultGateway }: BridgeConfiguration,
  given: NetworkResult,
): GatewayPlan {
  const addresses = given.addresses.map((one): ResultAddress => {
    const gateway = one.gateway ?? (isGateway ? firstOf(one.address) : undefined);
    return {
      ...one,
      interface: containerInterface,
      ...(gateway !== undefined && { gateway }),
    };
  });
  const added = isDefaultGateway ? defaultRoutes(given, addresses) : [];
  const gateways = addresses.flatMap(({ address: own, gateway }) =>
    isGateway && gateway !== undefined ? [`${gateway}/${prefixLengthOf(own)}`] : [],
  );
  return { result: { ...given, addresses, routes: [...given.routes, ...added] }, gateways };
}

/** One for each family, to its first gateway, unless there is one with a gateway already. */
function defaultRoutes(given: NetworkResult, addresses: readonly ResultAddress[]) {
  return ([4, 6] as const).flatMap((family) => {
    const first = addresses.find((one) => familyOf(one.address) === family);
    if (first?.gateway === undefined) return [];
    const destination = family === 4 ? '0.0.0.0/0' : '::/0';
    const present = given.routes.some(
      (route) => route.gateway !== undefined && networkOf(route.destination) === destination,
    );
    return present ? [] : [{ destination, gateway: first.gateway }];
  });
}

export interface GatewayAddress {
  readonly device: link.Link;
  readonly wanted: string;
  /** Takes away addresses that are in its way. */
  readonly force: boolean;
}

/**
 * Gives the bridge an address. Several of IPv6 stand side by side when their networks do not
 * overlap; otherwise the one that is there is in the way. Throws CniError when it may not be taken
 * away. `ip address add`.
 */
export async function ensureGateway(
  host: Connection,
  { device, wanted, force }: GatewayAddress,
): Promise<void> {
  const family = familyOf(wanted) === 6 ? 'ipv6' : 'ipv4';
  const present = await address.list(host, { device: device.index, family });
  if (present.some((one) => canonical(one.address) === canonical(wanted))) return;
  const inTheWay = present.filter((one) => family === 'ipv4' || overlap(one.address, wanted));
  if (inTheWay.length > 0 && !force) {
    const text = `"${device.name}" already has an IP address different from ${wanted}`;
    throw new CniError(CniCode.internal, text, inTheWay.map((one) => one.address).join(', '));
  }
  const broadcast = broadcastOf(wanted);
  await commit(host, [
    ...inTheWay.map((one) => ({
      request: address.removeRequest({ device: device.index, address: one.address }),
      harmless: ['EADDRNOTAVAIL'],
    })),
    {
      request: address.addRequest({
        device: device.index,
        address: wanted,
        ...(broadcast !== undefined && { broadcast }),
        // The bridge is the host's own: nobody else has its address, and pods need it at once.
        ...(family === 'ipv6' && { noDuplicateDetection: true }),
      }),
      harmless: ['EEXIST'],
    },
    // Set by somebody, even to what it is, it stays: a bridge otherwise takes the lowest of its
    // ports' addresses, and pods lose their gateway when ports come and go.
    ...(device.address === undefined
      ? []
      : [link.setRequest(device.index, { address: device.address })]),
  ]);
}

function overlap(one: string, other: string): boolean {
  return holds(networkOf(one), hostOf(other)) || holds(networkOf(other), hostOf(one));
}

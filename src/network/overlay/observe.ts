import { isKernelError } from '../../base/error.ts';
import { address, type Connection, fdb, link, neighbour, route } from '../../netlink/index.ts';
import { deviceName, routeProtocol } from './overlay-settings.ts';

/** What the kernel has of what an overlay plans. */
export interface ObservedOverlay {
  /** Whatever has the device's name. */
  readonly device: link.Link | undefined;
  /** Of the device, but those of the link's own scope. */
  readonly addresses: readonly string[];
  /** Those of the device that somebody set, and those that stand in the way of such. */
  readonly neighbours: readonly neighbour.Neighbour[];
  readonly forwarding: readonly fdb.FdbEntry[];
  /** Those with our protocol's number. */
  readonly routes: readonly route.Route[];
}

/** Reads all of it; the device may go at any moment, and then has nothing. */
export async function observeOverlay(connection: Connection): Promise<ObservedOverlay> {
  const device = await link.find(connection, deviceName);
  const routes = await route.list(connection, { table: 0, protocol: routeProtocol });
  const none = { device: undefined, addresses: [], neighbours: [], forwarding: [], routes };
  if (device === undefined) return none;
  if (device.kind !== 'vxlan') return { ...none, device };
  try {
    const { index } = device;
    const addresses = await address.list(connection, { device: index });
    return {
      device,
      addresses: addresses.filter(({ scope }) => scope === 'global').map((one) => one.address),
      neighbours: (await neighbour.list(connection, { device: index })).filter(isLasting),
      forwarding: await fdb.list(connection, index),
      routes,
    };
  } catch (error) {
    if (isKernelError(error, 'ENODEV', 'ENXIO')) return none;
    throw error;
  }
}

/** The kernel's own entries for multicast have no ARP and come and go. */
function isLasting({ state }: neighbour.Neighbour): boolean {
  return state !== 'noArp';
}

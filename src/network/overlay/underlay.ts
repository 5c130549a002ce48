import { DomainError } from '../../base/error.ts';
import { address, type Connection, link, route } from '../../netlink/index.ts';
import { canonical, hostOf, networkOf } from '../../netlink/prefix.ts';
import { deviceName } from './overlay-settings.ts';

/** The network that the nodes are joined by, as this node sees it. */
export interface Underlay {
  readonly device: string;
  readonly index: number;
  readonly mtu: number;
  /** This node's own. */
  readonly address: string;
  /** Whose machines are neighbours on the device. */
  readonly subnets: readonly string[];
}

/**
 * The device that has one of the node's addresses, its first one first. Where none has (they are
 * translated on the way), the one that the default route leads out of. Throws DomainError
 * `unavailable` when there is neither.
 */
export async function findUnderlay(
  connection: Connection,
  wanted: readonly string[],
): Promise<Underlay> {
  const addresses = await address.list(connection);
  for (const own of wanted) {
    const found = addresses.find((one) => canonical(hostOf(one.address)) === own);
    if (found !== undefined) return await underlayOf(connection, found.index, own);
  }
  const index = await defaultDevice(connection);
  const first = addresses.find((one) => one.index === index && one.scope === 'global');
  if (index === undefined || first === undefined) {
    const names = wanted.length === 0 ? 'the node has none' : wanted.join(', ');
    throw new DomainError('unavailable', `No device has the node's address (${names})`);
  }
  return await underlayOf(connection, index, hostOf(first.address));
}

async function underlayOf(connection: Connection, index: number, own: string): Promise<Underlay> {
  const { name, mtu } = await link.get(connection, index);
  const addresses = await address.list(connection, { device: index });
  const subnets = addresses
    .filter(({ scope }) => scope === 'global')
    .map((one) => networkOf(one.address));
  return { device: name, index, mtu, address: own, subnets: [...new Set(subnets)] };
}

async function defaultDevice(connection: Connection): Promise<number | undefined> {
  const routes = await route.list(connection);
  const ours = await link.find(connection, deviceName);
  return routes.find(({ to, index }) => to === 'default' && index !== ours?.index)?.index;
}

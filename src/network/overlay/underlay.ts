import { DomainError } from '../../base/error.ts';
import { address, type Connection, link } from '../../netlink/index.ts';
import { canonical, hostOf, networkOf } from '../../netlink/prefix.ts';

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
 * The device that has the node's first address. Throws DomainError `unavailable` when none has it:
 * while an address is changed the machine's and the cluster's word differ for a moment, in which
 * nothing is to be torn down for another device or family.
 */
export async function findUnderlay(
  connection: Connection,
  [own]: readonly string[],
): Promise<Underlay> {
  if (own === undefined) throw new DomainError('unavailable', 'The node has no address yet');
  const addresses = await address.list(connection);
  const found = addresses.find((one) => canonical(hostOf(one.address)) === own);
  if (found !== undefined) return await underlayOf(connection, found.index, own);
  throw new DomainError('unavailable', `No device has the node's address ${own}`);
}

async function underlayOf(connection: Connection, index: number, own: string): Promise<Underlay> {
  const { name, mtu } = await link.get(connection, index);
  const addresses = await address.list(connection, { device: index });
  const subnets = addresses
    .filter(({ scope }) => scope === 'global')
    .map((one) => networkOf(one.address));
  return { device: name, index, mtu, address: own, subnets: [...new Set(subnets)] };
}

import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { DomainError } from '../../base/error.ts';

/**
 * The node's addresses: of the interface that its default route leaves by, else of the first one
 * that leads out; one of each family, IPv4 first. Throws `unavailable` where there is none.
 */
export async function findAddresses(): Promise<readonly string[]> {
  const interfaces = networkInterfaces();
  const routed = await routedInterfaces();
  const names = [...routed, ...Object.keys(interfaces)];
  const found = (['IPv4', 'IPv6'] as const).flatMap((family) => {
    for (const name of names) {
      const address = interfaces[name]?.find((entry) => isOutward(entry, family))?.address;
      if (address !== undefined) return [address];
    }
    return [];
  });
  if (found.length > 0) return found;
  throw new DomainError('unavailable', 'The node has no address; give one with --node-ip');
}

/** Checks those that were given: each must be one of this machine's, or meant for outside. */
export function checkAddresses(given: readonly string[]): readonly string[] {
  const families = given.map((address) => isIP(address));
  if (families.includes(0) || given.length > 2 || new Set(families).size < given.length) {
    const words = `Node addresses are ${given.join(',')}, not one of each family`;
    throw new DomainError('invalid', words);
  }
  return given;
}

function isOutward(
  { family, internal, address }: NetworkInterfaceInfo,
  wanted: 'IPv4' | 'IPv6',
): boolean {
  if (internal || family !== wanted) return false;
  return !/^(169\.254\.|fe[89ab])/i.test(address);
}

/** Interfaces of default routes, the one with the least metric first. */
async function routedInterfaces(): Promise<readonly string[]> {
  const v4 = await lines('/proc/net/route');
  const v6 = await lines('/proc/net/ipv6_route');
  const routes = [
    ...v4
      .filter(([, destination, , , , , , mask]) => destination === zero && mask === zero)
      .map(([name = '', , , , , , metric]) => ({ name, metric: Number(metric) })),
    ...v6
      .filter(([destination, length]) => /^0+$/.test(destination ?? '') && length === '00')
      .map((words) => ({
        name: words[9] ?? '',
        metric: Number.parseInt(words[5] ?? '0', 16),
      })),
  ];
  return routes
    .filter(({ name }) => name !== 'lo')
    .toSorted((left, right) => left.metric - right.metric)
    .map(({ name }) => name);
}

const zero = '00000000';

async function lines(path: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(path, 'latin1').catch(() => '');
  return text.split('\n').map((line) => line.trim().split(/\s+/));
}

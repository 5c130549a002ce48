import { CniCode, CniError } from '../src/cni/cni-error.ts';
import type { PluginRequest } from '../src/cni/plugin.ts';
import { familyOf, type NetworkResult, type ResultRoute } from '../src/cni/result.ts';
import { address, link, route, type Connection } from '../src/netlink/index.ts';
import { isSame, networkOf } from './prefix.ts';
import type { ContainerNamespace } from './container-namespace.ts';

/** The result of ADD, without which there is nothing to compare with. Throws CniError 7. */
export function requirePrevious({ previousResult }: PluginRequest): NetworkResult {
  if (previousResult !== undefined) return previousResult;
  throw new CniError(CniCode.invalidConfiguration, 'Required prevResult missing');
}

/**
 * CHECK of the container's interface: it is of its kind, with the link address, the addresses and
 * the routes that ADD reported. Others may have added to it. Gives the link.
 */
export async function checkInterface(
  container: ContainerNamespace,
  request: PluginRequest,
  kind: string | undefined,
): Promise<link.Link> {
  const result = requirePrevious(request);
  const { interfaceName: name, netns } = request;
  const reported = result.interfaces.find((one) => one.name === name && one.sandbox === netns);
  if (reported === undefined) {
    fail(`Sandbox in prevResult doesn't match configured netns: ${netns}`);
  }
  const found = await link.find(container.connection, name);
  if (found === undefined) fail(`Container interface "${name}" of prevResult is not there`);
  if (kind !== undefined && found.kind !== kind) {
    fail(`Container interface "${name}" is a ${found.kind ?? 'device'}, not of type ${kind}`);
  }
  if (reported.mac !== undefined && reported.mac.toLowerCase() !== found.address) {
    fail(`Interface "${name}" Mac ${reported.mac} doesn't match container Mac: ${found.address}`);
  }
  await checkAddresses(container.connection, found, result);
  return found;
}

/** Throws CniError when an address, or a route, of a result is missing. */
async function checkAddresses(
  connection: Connection,
  { index, name }: link.Link,
  { addresses, routes, interfaces }: NetworkResult,
): Promise<void> {
  const present = await address.list(connection, { device: index });
  const own = addresses.filter(
    ({ interface: at }) => at === undefined || interfaces[at]?.name === name,
  );
  for (const { address: wanted } of own) {
    if (present.some((one) => isSame(one.address, wanted))) continue;
    fail(`Failed to match addr ${wanted} on interface "${name}"`);
  }
  if (routes.length === 0) return;
  const installed = await route.list(connection, { table: 0 });
  for (const wanted of routes) {
    if (installed.some((one) => matches(one, wanted))) continue;
    fail(`Expected Route ${wanted.destination} not found in routing table`);
  }
}

function matches(found: route.Route, { destination, gateway, table }: ResultRoute): boolean {
  if ((found.family === 'ipv6' ? 6 : 4) !== familyOf(destination)) return false;
  if (found.table !== (table ?? mainTable)) return false;
  const network = networkOf(destination);
  const to = found.to === 'default' ? (found.family === 'ipv6' ? '::/0' : '0.0.0.0/0') : found.to;
  if (!isSame(to, network)) return false;
  const ways = [found.via, ...(found.nextHops ?? []).map(({ via }) => via)];
  return gateway === undefined || ways.some((via) => via !== undefined && isSame(via, gateway));
}

const mainTable = 254;

function fail(problem: string): never {
  throw new CniError(CniCode.internal, problem);
}

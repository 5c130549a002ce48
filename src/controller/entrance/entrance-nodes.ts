import { isIPv6 } from 'node:net';
import { readiness } from '../node/health.ts';
import type { Node } from '../stored.ts';

/** As other balancers know it: no traffic from outside by this node. */
const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** By node, the addresses at which clients outside reach it: in the order of the nodes' names. */
export function entranceAddresses(nodes: readonly Node[]): ReadonlyMap<string, readonly string[]> {
  const named = nodes
    .filter(isEntrance)
    .map((node) => [node.metadata.name, addressesOf(node)] as const);
  return new Map(named.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function isEntrance(node: Node): boolean {
  const { metadata } = node;
  if (metadata.deletionTimestamp !== undefined) return false;
  if (metadata.labels?.[excluded] !== undefined) return false;
  return readiness(node) === 'True';
}

/** Those for outside where it has such, or those that it has for the others; both families. */
function addressesOf({ status }: Node): string[] {
  const of = (kind: string): string[] =>
    (status?.addresses ?? []).flatMap(({ type, address }) => (type === kind ? [address] : []));
  const [outside, inside] = [of('ExternalIP'), of('InternalIP')];
  const has = (family: 4 | 6) => outside.some((address) => familyOf(address) === family);
  return [...outside, ...inside.filter((address) => !has(familyOf(address)))];
}

export function familyOf(address: string): 4 | 6 {
  return isIPv6(address) ? 6 : 4;
}

/** What of a node decides whether and where it is an entrance: heartbeats change nothing of it. */
export function entranceKey(node: Node | undefined): string {
  if (node === undefined || !isEntrance(node)) return '';
  return addressesOf(node).join(' ');
}

import { keyOf } from '../../api/client/client.ts';
import type { Service } from '../stored.ts';
import { familyOf } from './entrance-nodes.ts';

/** The class of balancers that this is; a Service that names none is ours, too. */
const ownClass = 'keelson.io/node';

/** What nodes need themselves: whoever had one of these would have the node. */
const ownPorts: ReadonlySet<string> = new Set([
  'TCP/22',
  'TCP/2379',
  'TCP/2380',
  'TCP/6443',
  'TCP/10250',
  'UDP/4789',
]);
const ingressPorts: ReadonlySet<string> = new Set(['TCP/80', 'TCP/443']);

export type BalancerPlan = { readonly addresses: readonly string[] } | { readonly problem: string };

export interface Around {
  /** All that are balanced, this one too. */
  readonly others: readonly Service[];
  /** By node. */
  readonly entrances: ReadonlyMap<string, readonly string[]>;
  /** Of the Service's own addresses. */
  readonly families: ReadonlySet<4 | 6>;
  readonly nodesWithEndpoints: ReadonlySet<string>;
  /** The nodes' ports 80 and 443 are for Ingresses. */
  readonly hasIngress: boolean;
}

export function isBalanced({ spec, metadata }: Service): boolean {
  if (spec.type !== 'LoadBalancer' || metadata.deletionTimestamp !== undefined) return false;
  return (spec.loadBalancerClass ?? ownClass) === ownClass;
}

/** Where a Service is reached from outside, or why it cannot be. */
export function planBalancer(service: Service, around: Around): BalancerPlan {
  const ports = portsOf(service);
  for (const port of ports) {
    const holder = holderOf(port, service, around);
    if (holder !== undefined) {
      return {
        problem: `Error syncing load balancer: port ${words(port)} of the nodes is ${holder}`,
      };
    }
  }
  const isLocal = service.spec.externalTrafficPolicy === 'Local';
  const addresses = [...around.entrances].flatMap(([node, found]) =>
    isLocal && !around.nodesWithEndpoints.has(node) ? [] : found,
  );
  const fitting = addresses.filter((address) => around.families.has(familyOf(address)));
  const wish = service.spec.loadBalancerIP ?? '';
  if (wish === '') return { addresses: fitting };
  const has = [...around.entrances.values()].some((found) => found.includes(wish));
  if (!has) {
    return { problem: `Error syncing load balancer: loadBalancerIP ${wish} is no node's address` };
  }
  return { addresses: fitting.filter((address) => address === wish) };
}

function holderOf(port: string, service: Service, around: Around): string | undefined {
  if (ownPorts.has(port)) return 'for the nodes themselves';
  if (around.hasIngress && ingressPorts.has(port)) {
    return 'for Ingresses (IngressClass of controller keelson.io/ingress)';
  }
  const older = around.others
    .filter((other) => isOlder(other, service) && portsOf(other).includes(port))
    .filter((other) => meets(other, service))
    .toSorted((one, other) => (isOlder(one, other) ? -1 : 1))[0];
  return older === undefined ? undefined : `Service "${keyOf(older)}"'s`;
}

/** Two that want one address each, and not the same, are no trouble to each other. */
function meets({ spec: one }: Service, { spec: other }: Service): boolean {
  const [left, right] = [one.loadBalancerIP ?? '', other.loadBalancerIP ?? ''];
  return left === '' || right === '' || left === right;
}

function portsOf({ spec }: Service): string[] {
  return (spec.ports ?? []).map(({ protocol = 'TCP', port }) => `${protocol}/${port}`);
}

function words(port: string): string {
  const [protocol = '', number = ''] = port.split('/');
  return `${number}/${protocol}`;
}

function isOlder(one: Service, other: Service): boolean {
  return ageOf(one) < ageOf(other);
}

function ageOf({ metadata }: Service): string {
  return `${metadata.creationTimestamp} ${metadata.namespace ?? ''}/${metadata.name}`;
}

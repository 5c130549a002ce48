import { hash } from 'node:crypto';
import type { nftables } from '../../netlink/index.ts';
import { byText, type PlannedElement } from './planned-element.ts';
import type { Backend } from './choose-endpoints.ts';
import type { NodeView } from './node-view.ts';
import type { Frontend, PortPlan, ServicePlan } from './plan-service.ts';
import { disjointPrefixes, hostPrefix } from './prefixes.ts';
import { chainOfClass, classNumber } from './service-class.ts';
import { places, type PlannedSet } from './table-sets.ts';
import { familyOfAddress } from './usable-address.ts';

type Element = nftables.Element;

/** The elements of one Service, each once. */
export function elementsOfService(plan: ServicePlan): PlannedElement[] {
  const elements = plan.strayAddresses.map((address) =>
    planned(familyOfAddress(address), 'cluster', [hostPrefix(address)]),
  );
  for (const port of plan.ports) {
    for (const frontend of port.frontends) addFrontend(elements, port, frontend);
  }
  // One frontend has nothing twice, and most Services are as small.
  if (plan.ports.length === 1 && plan.ports[0]?.frontends.length === 1) return elements;
  return [...byText(elements).values()];
}

/** Those that follow from the node alone. */
export function elementsOfNode({ podCidrs, serviceCidrs }: NodeView): PlannedElement[] {
  const pods = disjointPrefixes(podCidrs);
  // As long as a node does not know its pods, all clients keep their address.
  const plain = pods.length > 0 ? pods : ['0.0.0.0/0', '::/0'];
  const cluster = disjointPrefixes(serviceCidrs);
  return [
    ...cluster.map((cidr) => planned(familyOfAddress(cidr), 'cluster', [cidr])),
    ...pods.map((cidr) => planned(familyOfAddress(cidr), 'pods', [cidr])),
    ...plain.map((cidr) => planned(familyOfAddress(cidr), 'plain', [cidr])),
  ];
}

type Fields = readonly (string | number)[];

/** What the endpoints of a group of clients are in. */
const outsideSets = ['services', 'endpoints', 'identities'] as const;
const insideSets = ['inside', 'inside-endpoints', 'inside-identities'] as const;

function addFrontend(elements: PlannedElement[], port: PortPlan, frontend: Frontend): void {
  const { family, backends } = port;
  const key = [frontend.address, port.protocol, frontend.port];
  const { all } = backends;
  const chosen = backends[frontend.group];
  if (chosen.length > 0) addBackends(elements, port, { key, backends: chosen, sets: outsideSets });
  else elements.push(planned(family, all.length > 0 ? 'dropped' : 'rejected', key));
  if (frontend.allFromInside && all.length > 0) {
    addBackends(elements, port, { key, backends: all, sets: insideSets });
  }
  if (frontend.masquerade) elements.push(planned(family, 'masquerade', key));
  if (frontend.sources === undefined) return;
  elements.push(planned(family, 'restricted', key));
  // What is no range lets nobody in: the list stays a restriction.
  for (const range of disjointPrefixes(frontend.sources)) {
    if (familyOfAddress(range) === family) {
      elements.push(planned(family, 'sources', [...key, range]));
    }
  }
}

function addBackends(
  elements: PlannedElement[],
  { family, affinitySeconds }: PortPlan,
  led: {
    key: Fields;
    backends: readonly Backend[];
    sets: typeof outsideSets | typeof insideSets;
  },
): void {
  const { key, backends, sets } = led;
  const [services, endpoints, identities] = sets;
  const inside = sets === insideSets;
  const number = classNumber({ count: backends.length, affinitySeconds, inside });
  elements.push(planned(family, services, key, [number]), classElement(family, number));
  for (const [i, { address, port, maybeHere }] of backends.entries()) {
    elements.push(planned(family, endpoints, [...key, i], [address, port]));
    if (maybeHere) elements.push(planned(family, 'hairpin', [address, address]));
  }
  if (affinitySeconds === 0) return;
  for (const [i, identity] of identitiesOf(backends).entries()) {
    const { address, port } = backends[i] ?? { address: '', port: 0 };
    elements.push(
      planned(family, identities, [...key, i], [identity]),
      planned(family, endpoints, [...key, identity], [address, port]),
    );
  }
}

/**
 * Numbers that stay with their endpoints, and are none of those that count them. Two endpoints of
 * a Service share one hardly ever; the second then has the next.
 */
function identitiesOf(backends: readonly Backend[]): number[] {
  const taken = new Set<number>();
  return backends.map(({ address, port }) => {
    let identity = hash('sha256', `${address} ${port}`, 'buffer').readUInt32BE(0);
    do identity = ((identity + 1) | 0x80000000) >>> 0;
    while (taken.has(identity));
    taken.add(identity);
    return identity;
  });
}

function classElement(family: 4 | 6, number: number): PlannedElement {
  const chain = chainOfClass(family, number);
  const element: Element = { key: [number], data: { verdict: 'goto', chain } };
  return { place: places[family].classes, key: String(number), data: chain, element };
}

function planned(
  family: 4 | 6,
  set: PlannedSet,
  ...[key, data]: [key: Fields, data?: Fields]
): PlannedElement {
  const place = places[family][set];
  if (data === undefined) return { place, key: key.join(' '), data: '', element: { key } };
  return { place, key: key.join(' '), data: data.join(' '), element: { key, data } };
}

import type { nftables } from '../../netlink/index.ts';

type SetDefinition = nftables.SetDefinition;
type DataTypeName = nftables.DataTypeName;

/** All of it in a table of our own. */
export const table = { family: 'inet', table: 'keelson-services' } as const;
export const tableComment = 'keelson: services, made anew from the API when it is changed';

/** Clients that keep an endpoint, per family: whoever forges sources fills no more than this. */
const affinityElements = 262_144;

/** The sets of one family. A frontend is an address, protocol and port that a Service has. */
export function setsOf(family: 4 | 6) {
  const address: DataTypeName = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const frontend = [address, 'inet_proto', 'inet_service'] as const;
  const backend = [address, 'inet_service'] as const;
  const define = (
    name: string,
    parts: Omit<SetDefinition, 'family' | 'table' | 'set'>,
  ): SetDefinition => ({ ...table, set: `${name}${family}`, ...parts });
  return {
    /** The class of a frontend: how many endpoints it has, and how one is chosen. */
    services: define('services', { key: frontend, data: ['mark'] }),
    /** The endpoints of a frontend by number, from 0; those that clients keep also by identity. */
    endpoints: define('endpoints', { key: [...frontend, 'mark'], data: backend }),
    /** The same two for this node and its pods, where others get local endpoints only. */
    inside: define('inside', { key: frontend, data: ['mark'] }),
    'inside-endpoints': define('inside-endpoints', { key: [...frontend, 'mark'], data: backend }),
    /** The identity of the endpoint of that number, where clients keep theirs. */
    identities: define('identities', { key: [...frontend, 'mark'], data: ['mark'] }),
    'inside-identities': define('inside-identities', {
      key: [...frontend, 'mark'],
      data: ['mark'],
    }),
    /** The identity of a client's endpoint, written by the rules themselves. */
    affinity: define('affinity', {
      key: [...frontend, address],
      data: ['mark'],
      dynamic: true,
      timeoutMs: 10_800_000,
      size: affinityElements,
    }),
    rejected: define('rejected', { key: frontend }),
    dropped: define('dropped', { key: frontend }),
    /** Addresses that are Services' alone: what is not one of their ports is refused. */
    cluster: define('cluster', { key: [address], interval: true }),
    /** Frontends whose clients are masqueraded, wherever they are. */
    masquerade: define('masquerade', { key: frontend }),
    /** Sources that are not masqueraded towards the cluster's addresses. */
    plain: define('plain', { key: [address], interval: true }),
    /** An endpoint here that may reach itself by way of its Service. */
    hairpin: define('hairpin', { key: [address, address] }),
    /** This node's pods. */
    pods: define('pods', { key: [address], interval: true }),
    /** Frontends that only some may use, and who may. */
    restricted: define('restricted', { key: frontend }),
    sources: define('sources', { key: [...frontend, address], interval: true }),
    /** The chain of a class. */
    classes: define('classes', { key: ['mark'], data: 'verdict' }),
  } as const;
}

export type SetName = keyof ReturnType<typeof setsOf>;

/** Sets whose elements come from the plan: all but the one that the rules write. */
export type PlannedSet = Exclude<SetName, 'affinity'>;

const definitions = { 4: setsOf(4), 6: setsOf(6) } as const;

export function definitionOf(family: 4 | 6, name: SetName): SetDefinition {
  return definitions[family][name];
}

/** One set of one family. */
export interface Place {
  readonly family: 4 | 6;
  readonly set: PlannedSet;
}

/** Every planned set of both families; the same objects each time. */
export const places = { 4: placesOf(4), 6: placesOf(6) } as const;

function placesOf(family: 4 | 6): Readonly<Record<PlannedSet, Place>> {
  const names = Object.keys(definitions[family]) as SetName[];
  const planned = names.filter((name) => name !== 'affinity');
  const entries = planned.map((set) => [set, { family, set }] as const);
  return Object.fromEntries(entries) as Record<PlannedSet, Place>;
}

export const allPlaces: readonly Place[] = [places[4], places[6]].flatMap((of) =>
  Object.values(of),
);

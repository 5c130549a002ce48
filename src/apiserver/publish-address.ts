import { type ApiClient, nameOf } from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import { isRefused } from '../api/client/refusal.ts';
import { type Resource, resources } from '../api/client/resources.ts';
import { equal, type JsonObject } from '../api/json.ts';
import type { EndpointSlice } from '../api/types/generated/discovery-v1.ts';
import { serviceNameLabel } from '../api/service-slices.ts';
import type { ServiceRanges } from './service-ranges.ts';

/** Where the server is reached from the cluster's nodes. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

const place = { namespace: 'default', name: 'kubernetes' };
const labels = { component: 'apiserver', provider: 'kubernetes' };
const dnsPlace = { namespace: 'kube-system', name: 'kube-dns' };
const dnsPorts = [
  { name: 'dns', protocol: 'UDP', port: 53, targetPort: 53 },
  { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: 53 },
];
const dnsLabels = {
  'k8s-app': 'kube-dns',
  'kubernetes.io/cluster-service': 'true',
  'kubernetes.io/name': 'KubeDNS',
};

/**
 * Keeps the Service `default/kubernetes`, by which pods call the server, with its Endpoints and
 * EndpointSlices: those of all coordinators, in the order of their addresses.
 */
export async function publishAddresses(
  client: ApiClient,
  servers: readonly ServerAddress[],
  ranges: ServiceRanges,
): Promise<void> {
  const groups = groupsOf(servers);
  const port = servers[0]?.port ?? 443;
  await keep(client, resources.services, {
    metadata: { ...place, labels },
    spec: {
      clusterIP: ranges.apiAddresses[0] ?? '',
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
    },
  });
  await keep(client, resources.endpoints, {
    metadata: { ...place, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: groups.map((group) => ({
      addresses: group.addresses.map((ip) => ({ ip })),
      ports: [portOf(group)],
    })),
  });
  for (const group of groups) await keep(client, resources.endpointSlices, sliceOf(group, groups));
  await reserveDns(client, ranges);
  await removeOthers(client, new Set(groups.map((group) => sliceName(group, groups))));
}

/**
 * The Service under whose address each node answers for names itself: so nobody else gets it, and
 * it is found where people look for it. One that is there already is the operator's.
 */
async function reserveDns(client: ApiClient, ranges: ServiceRanges): Promise<void> {
  const known = await client.get(resources.services, dnsPlace).catch((error: unknown) => {
    if (isRefused(error, 'NotFound')) return undefined;
    throw error;
  });
  if (known !== undefined) return;
  const policy = ranges.families.length > 1 ? 'RequireDualStack' : 'SingleStack';
  await createUnlessThere(client, resources.services, {
    metadata: { ...dnsPlace, labels: dnsLabels },
    spec: {
      clusterIP: ranges.dnsAddresses[0] ?? '',
      clusterIPs: [...ranges.dnsAddresses],
      ipFamilyPolicy: policy,
      ports: dnsPorts,
      type: 'ClusterIP',
    },
  });
}

/** Servers that are reached alike, which one slice can name. */
interface Group {
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
  readonly addresses: readonly string[];
}

function groupsOf(servers: readonly ServerAddress[]): Group[] {
  const groups = new Map<string, Group>();
  const sorted = servers.toSorted((a, b) => (a.address < b.address ? -1 : 1));
  for (const { address, port } of sorted) {
    const family = address.includes(':') ? 'IPv6' : 'IPv4';
    const name = `${family} ${port}`;
    const addresses = [...new Set([...(groups.get(name)?.addresses ?? []), address])];
    groups.set(name, { family, port, addresses });
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function portOf({ port }: Group) {
  return { name: 'https', port, protocol: 'TCP' };
}

/** One cluster has mostly one, whose name is that of the service. */
function sliceName(group: Group, groups: readonly Group[]): string {
  return group === groups[0]
    ? place.name
    : `${place.name}-${group.family.toLowerCase()}-${group.port}`;
}

function sliceOf(group: Group, groups: readonly Group[]): EndpointSlice {
  return {
    metadata: {
      namespace: place.namespace,
      name: sliceName(group, groups),
      labels: { [serviceNameLabel]: 'kubernetes' },
    },
    addressType: group.family,
    endpoints: group.addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true },
    })),
    ports: [portOf(group)],
  };
}

async function removeOthers(client: ApiClient, names: ReadonlySet<string>): Promise<void> {
  const { namespace } = place;
  const labelSelector = `${serviceNameLabel}=kubernetes`;
  const { items } = await client.list(resources.endpointSlices, { namespace, labelSelector });
  for (const { metadata } of items) {
    if (names.has(metadata.name)) continue;
    await client.delete(resources.endpointSlices, nameOf({ metadata })).catch((error: unknown) => {
      if (!isRefused(error, 'NotFound')) throw error;
    });
  }
}

/** Makes an object, or changes what of it is not as it should be. */
async function keep<T extends ApiObject>(
  client: ApiClient,
  resource: Resource<T>,
  wanted: T,
): Promise<void> {
  const name = nameOf({ metadata: wanted.metadata ?? {} });
  const known = await client.get(resource, name).catch((error: unknown) => {
    if (isRefused(error, 'NotFound')) return undefined;
    throw error;
  });
  if (known === undefined) {
    return await createUnlessThere(client, resource, wanted);
  }
  const { metadata: _metadata, ...fields } = wanted as JsonObject;
  const differs = Object.entries(fields).filter(([name, value]) => !includes(known[name], value));
  if (differs.length === 0) return;
  const document = Object.fromEntries(differs);
  await client.patch(resource, name, { type: 'merge', document });
}

async function createUnlessThere<T extends ApiObject>(
  client: ApiClient,
  resource: Resource<T>,
  wanted: T,
): Promise<void> {
  await client.create(resource, wanted).catch((error: unknown) => {
    // Another coordinator that started beside was faster, also to the service's address.
    if (!isRefused(error, 'AlreadyExists', 'Invalid')) throw error;
  });
}

/** Whether all that is wanted is there; defaults may be there too. */
function includes(known: JsonObject[string], wanted: JsonObject[string]): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(known) &&
      known.length === wanted.length &&
      wanted.every((item, index) => includes(known[index] as JsonObject[string], item as never))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return equal(known, wanted);
  if (typeof known !== 'object' || known === null) return false;
  return Object.entries(wanted).every(([key, value]) =>
    includes((known as JsonObject)[key], value),
  );
}

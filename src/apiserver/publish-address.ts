import type { ApiClient, ApiObject } from '../api/client/client.ts';
import { type Resource, resources } from '../api/client/resources.ts';
import { equal, type JsonObject } from '../api/json.ts';
import { ApiError } from '../api/status.ts';

/** Where the server is reached from the cluster's nodes. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

const place = { namespace: 'default', name: 'kubernetes' };
const labels = { component: 'apiserver', provider: 'kubernetes' };
/** The first of the addresses of services. */
const clusterAddress = '10.96.0.1';

/**
 * Keeps the Service `default/kubernetes`, by which pods call the server, with its Endpoints and
 * EndpointSlice. Of several coordinators the one that started last is named.
 */
export async function publishAddress(
  client: ApiClient,
  { address, port }: ServerAddress,
): Promise<void> {
  const metadata = { ...place, labels };
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  await keep(client, resources.services, {
    metadata,
    spec: {
      clusterIP: clusterAddress,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
    },
  });
  await keep(client, resources.endpoints, {
    metadata: {
      ...place,
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: [{ ip: address }], ports }],
  });
  await keep(client, resources.endpointSlices, {
    metadata: { ...place, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  });
}

/** Makes an object, or changes what of it is not as it should be. */
async function keep<T extends ApiObject>(
  client: ApiClient,
  resource: Resource<T>,
  wanted: T,
): Promise<void> {
  const known = await client.get(resource, place).catch((error: unknown) => {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  });
  if (known === undefined) {
    await client.create(resource, wanted);
    return;
  }
  const { metadata: _metadata, ...fields } = wanted as JsonObject;
  const differs = Object.entries(fields).filter(([name, value]) => !includes(known[name], value));
  if (differs.length === 0) return;
  const document = Object.fromEntries(differs);
  await client.patch(resource, place, { type: 'merge', document });
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

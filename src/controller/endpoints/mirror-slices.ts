import { isIPv6 } from 'node:net';
import { keyOf, nameOfKey, type Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { serviceNameLabel } from '../../api/service-slices.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import type * as discoveryV1 from '../../api/types/generated/discovery-v1.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { controllerReference } from '../owner.ts';
import type { WorkQueue } from '../work-queue.ts';
import { hasSelector } from './backend.ts';
import { planSlices, type Wanted } from './plan-slices.ts';

const managedBy = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslicemirroring-controller.k8s.io';
const skipMirror = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
/** Of a subset; who has more writes slices. */
const mostAddresses = 1000;
const families = ['IPv4', 'IPv6'] as const;

type Endpoints = Stored<coreV1.Endpoints>;
type Slice = Stored<discoveryV1.EndpointSlice>;

/**
 * Makes slices of the Endpoints that people keep by hand, for services without a selector: what
 * sends traffic reads slices alone.
 */
export class SliceMirror implements Controller {
  readonly name = 'endpoint-slice-mirroring-controller';
  readonly #cluster: Cluster;
  readonly #services;
  readonly #endpoints;
  readonly #slices;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#services = cluster.informer(resources.services);
    this.#endpoints = cluster.informer(resources.endpoints);
    this.#slices = cluster.informer(resources.endpointSlices, {
      service: ({ metadata }) => [
        `${metadata.namespace}/${metadata.labels?.[serviceNameLabel] ?? ''}`,
      ],
    });
  }

  get needs() {
    return [this.#services, this.#endpoints, this.#slices];
  }

  watch(queue: WorkQueue): void {
    this.#endpoints.onChange((now, before) => {
      for (const object of [now, before]) if (object !== undefined) queue.add(keyOf(object));
    });
    this.#services.onChange((now, before) => {
      for (const object of [now, before]) if (object !== undefined) queue.add(keyOf(object));
    });
    this.#slices.onChange((now, before) => {
      const slice = now ?? before;
      if (slice === undefined || !isOurs(slice)) return;
      queue.add(`${slice.metadata.namespace}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`);
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const { namespace, name } = nameOfKey(key);
    const endpoints = this.#mirrored(namespace, name);
    const known = this.#slices.find('service', key).filter(isOurs);
    const mine = known.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === endpoints?.metadata.uid),
    );
    for (const slice of known) {
      if (!mine.includes(slice)) await this.#cluster.delete(resources.endpointSlices, slice);
    }
    if (endpoints === undefined) return;
    for (const family of families) await this.#mirror(endpoints, mine, family);
  }

  /** Undefined where nothing is to be mirrored. */
  #mirrored(namespace: string, name: string): Endpoints | undefined {
    const service = this.#services.get(namespace, name);
    const endpoints = this.#endpoints.get(namespace, name);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return undefined;
    if (endpoints === undefined || hasSelector(service)) return undefined;
    const { labels = {}, annotations = {}, deletionTimestamp } = endpoints.metadata;
    const isSkipped = labels[skipMirror] === 'true' || annotations[leaderAnnotation] !== undefined;
    return isSkipped || deletionTimestamp !== undefined ? undefined : endpoints;
  }

  async #mirror(
    endpoints: Endpoints,
    mine: readonly Slice[],
    family: (typeof families)[number],
  ): Promise<void> {
    const slices = mine.filter(({ addressType }) => addressType === family);
    const plan = planSlices(slices, wantedOf(endpoints, family));
    for (const group of plan.create) {
      await this.#cluster.create(resources.endpointSlices, {
        ...describe(endpoints),
        addressType: family,
        ...group,
      });
    }
    for (const slice of plan.remove) await this.#cluster.delete(resources.endpointSlices, slice);
    const contents = new Map(plan.update.map(({ slice, endpoints: now }) => [slice, now]));
    const { labels, annotations } = describe(endpoints).metadata;
    for (const slice of slices) {
      if (plan.remove.includes(slice)) continue;
      const now = contents.get(slice);
      const { metadata } = slice;
      const isSame = equal(labels, metadata.labels) && equal(annotations, metadata.annotations);
      if (now === undefined && isSame) continue;
      await this.#cluster.update(resources.endpointSlices, {
        ...slice,
        metadata: { ...metadata, labels, annotations },
        endpoints: now ?? slice.endpoints ?? [],
      });
    }
  }
}

function isOurs({ metadata }: Slice): boolean {
  return metadata.labels?.[managedBy] === manager;
}

function describe(endpoints: Endpoints): Pick<discoveryV1.EndpointSlice, 'metadata'> {
  const { namespace, name, labels, annotations = {} } = endpoints.metadata;
  const { [lastApplied]: _applied, ...kept } = annotations;
  return {
    metadata: {
      namespace,
      generateName: `${name}-`,
      labels: { ...labels, [serviceNameLabel]: name, [managedBy]: manager },
      ...(Object.keys(kept).length > 0 && { annotations: kept }),
      ownerReferences: [controllerReference(resources.endpoints, endpoints)],
    },
  };
}

/** Subsets of the same ports are one group; an address in two of them is one endpoint. */
function wantedOf({ subsets = [] }: Endpoints, family: 'IPv4' | 'IPv6'): Wanted[] {
  const groups = new Map<string, { ports: Wanted['ports']; found: Map<string, Endpoint> }>();
  for (const { ports = [], addresses = [], notReadyAddresses = [] } of subsets) {
    const own = ports.map(portOf);
    const id = JSON.stringify(own);
    const group = groups.get(id) ?? { ports: own, found: new Map<string, Endpoint>() };
    const told = [
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    ];
    for (const endpoint of told.slice(0, mostAddresses)) {
      const [ip = ''] = endpoint.addresses;
      if ((isIPv6(ip) ? 'IPv6' : 'IPv4') !== family) continue;
      if (!group.found.has(ip)) group.found.set(ip, endpoint);
    }
    if (group.found.size > 0) groups.set(id, group);
  }
  return [...groups.values()].map(({ ports, found }) => ({
    ports,
    endpoints: [...found.values()],
  }));
}

type Endpoint = discoveryV1.Endpoint;

function portOf({ name, port, protocol, appProtocol }: coreV1.EndpointPort) {
  return { name: name ?? '', port, protocol, ...(appProtocol !== undefined && { appProtocol }) };
}

function endpointOf(
  { ip, hostname, nodeName, targetRef }: coreV1.EndpointAddress,
  ready: boolean,
): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(targetRef !== undefined && { targetRef }),
  };
}

import type { IpFamily } from '../../api/address-range.ts';
import { keyOf, type Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { serviceNameLabel } from '../../api/service-slices.ts';
import type * as discoveryV1 from '../../api/types/generated/discovery-v1.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { controllerReference } from '../owner.ts';
import type { Service } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import {
  type Backend,
  backendsOf,
  familiesOf,
  hasSelector,
  hostnameOf,
  isHeadless,
  portsKey,
  referenceTo,
} from './backend.ts';
import { headlessLabel } from './endpoints.ts';
import { planSlices, type Wanted } from './plan-slices.ts';
import { ServicePods } from './service-pods.ts';

type Slice = Stored<discoveryV1.EndpointSlice>;

const managedBy = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslice-controller.k8s.io';
const zoneLabel = 'topology.kubernetes.io/zone';

/** Keeps the slices of each service that selects pods. */
export class EndpointSliceController implements Controller {
  readonly name = 'endpoint-slice-controller';
  readonly #cluster: Cluster;
  readonly #members: ServicePods;
  readonly #slices;
  readonly #nodes;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#members = new ServicePods(cluster);
    this.#slices = cluster.informer(resources.endpointSlices, {
      service: ({ metadata }) => [
        `${metadata.namespace}/${metadata.labels?.[serviceNameLabel] ?? ''}`,
      ],
    });
    this.#nodes = cluster.informer(resources.nodes);
  }

  get needs() {
    return [this.#members.services, this.#members.pods, this.#slices, this.#nodes];
  }

  watch(queue: WorkQueue): void {
    this.#members.watch(queue);
    this.#slices.onChange((now, before) => {
      for (const slice of [now, before]) {
        const service = slice?.metadata.labels?.[serviceNameLabel];
        if (slice === undefined || service === undefined || !isOurs(slice)) continue;
        queue.add(`${slice.metadata.namespace}/${service}`);
      }
    });
    this.#nodes.onChange((now, before) => {
      if (now?.metadata.labels?.[zoneLabel] === before?.metadata.labels?.[zoneLabel]) return;
      for (const service of this.#members.services.list()) queue.add(keyOf(service));
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const service = this.#members.services.getByKey(key);
    const slices = this.#slices.find('service', key).filter(isOurs);
    // Those of a service that is gone go with it.
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    if (!hasSelector(service)) return;
    const mine = slices.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ uid }) => uid === service.metadata.uid),
    );
    const families = familiesOf(service);
    for (const family of families) {
      const ofFamily = mine.filter(({ addressType }) => addressType === family);
      await this.#keepSlices(service, family, ofFamily);
    }
    const others = mine.filter(({ addressType }) => !families.some((one) => one === addressType));
    for (const slice of others) await this.#cluster.delete(resources.endpointSlices, slice);
  }

  async #keepSlices(service: Service, family: IpFamily, mine: readonly Slice[]): Promise<void> {
    const plan = planSlices(mine, this.#wanted(service, family));
    for (const group of plan.create) {
      await this.#cluster.create(resources.endpointSlices, describeSlice(service, family, group));
    }
    const labels = labelsOf(service);
    for (const { slice, endpoints } of plan.update) {
      const metadata = { ...slice.metadata, labels };
      await this.#cluster.update(resources.endpointSlices, { ...slice, metadata, endpoints });
    }
    for (const slice of plan.remove) await this.#cluster.delete(resources.endpointSlices, slice);
    const changed = new Set(plan.update.map(({ slice }) => slice));
    for (const slice of mine) {
      if (changed.has(slice) || plan.remove.includes(slice)) continue;
      if (equal(labels, slice.metadata.labels)) continue;
      const metadata = { ...slice.metadata, labels };
      await this.#cluster.update(resources.endpointSlices, { ...slice, metadata });
    }
  }

  #wanted(service: Service, family: IpFamily): readonly Wanted[] {
    const backends = backendsOf(service, this.#members.of(service), family);
    const groups = [...Map.groupBy(backends, ({ ports }) => portsKey(ports)).values()];
    if (groups.length === 0) return [{ ports: [], endpoints: [] }];
    return groups.map((members) => ({
      ports: (members[0]?.ports ?? []).map(({ name, port, protocol, appProtocol }) => ({
        name,
        port,
        protocol,
        ...(appProtocol !== undefined && { appProtocol }),
      })),
      endpoints: members.map((backend) => this.#endpointOf(service, backend)),
    }));
  }

  #endpointOf(service: Service, { pod, address, ...state }: Backend): discoveryV1.Endpoint {
    const { nodeName } = pod.spec;
    const node = nodeName === undefined ? undefined : this.#nodes.get('', nodeName);
    const zone = node?.metadata.labels?.[zoneLabel];
    const hostname = hostnameOf(service, pod);
    const { ready, serving, terminating } = state;
    return {
      addresses: [address],
      conditions: { ready, serving, terminating },
      ...(hostname !== undefined && { hostname }),
      targetRef: referenceTo(pod),
      ...(nodeName !== undefined && { nodeName }),
      ...(zone !== undefined && { zone }),
    };
  }
}

function isOurs({ metadata }: Slice): boolean {
  return metadata.labels?.[managedBy] === manager;
}

function labelsOf(service: Service): Readonly<Record<string, string>> {
  const { name, labels } = service.metadata;
  const headless = isHeadless(service) ? { [headlessLabel]: '' } : {};
  return { ...labels, ...headless, [serviceNameLabel]: name, [managedBy]: manager };
}

function describeSlice(
  service: Service,
  family: IpFamily,
  { ports, endpoints }: Wanted,
): discoveryV1.EndpointSlice {
  const { namespace, name } = service.metadata;
  return {
    metadata: {
      namespace,
      generateName: `${name}-`,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(resources.services, service)],
    },
    addressType: family,
    endpoints,
    ports,
  };
}

import { keyOf, nameOfKey } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
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
import { ServicePods } from './service-pods.ts';

const managedBy = 'endpoints.kubernetes.io/managed-by';
export const headlessLabel = 'service.kubernetes.io/headless';
/** More addresses than so many are left out; slices have them all. */
const mostAddresses = 1000;
const capacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

/** Keeps the Endpoints of each service that selects pods. */
export class EndpointsController implements Controller {
  readonly name = 'endpoint-controller';
  readonly #cluster: Cluster;
  readonly #members: ServicePods;
  readonly #endpoints;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#members = new ServicePods(cluster);
    this.#endpoints = cluster.informer(resources.endpoints);
  }

  get needs() {
    return [this.#members.services, this.#members.pods, this.#endpoints];
  }

  watch(queue: WorkQueue): void {
    this.#members.watch(queue);
    this.#endpoints.onChange((now, before) => {
      const object = now ?? before;
      if (object !== undefined) queue.add(keyOf(object));
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const { namespace, name } = nameOfKey(key);
    const service = this.#members.services.get(namespace, name);
    const known = this.#endpoints.get(namespace, name);
    if (service === undefined) {
      // Endpoints that somebody else keeps may stand without a service.
      if (known?.metadata.labels?.[managedBy] !== this.name) return;
      await this.#cluster.delete(resources.endpoints, known);
      return;
    }
    if (!hasSelector(service) || service.metadata.deletionTimestamp !== undefined) return;
    // They are of one family alone; slices have both.
    const [family = 'IPv4'] = familiesOf(service);
    const backends = backendsOf(service, this.#members.of(service), family);
    const wanted = describeEndpoints(service, backends);
    if (known === undefined) {
      await this.#cluster.create(resources.endpoints, wanted);
      return;
    }
    const { labels, annotations } = wanted.metadata;
    const same =
      equal(wanted.subsets ?? [], known.subsets ?? []) &&
      equal(labels, known.metadata.labels) &&
      equal(annotations, known.metadata.annotations);
    if (same) return;
    const metadata = { ...known.metadata, labels, annotations };
    const { subsets } = wanted;
    await this.#cluster.update(resources.endpoints, { ...known, metadata, subsets });
  }
}

/** The Endpoints of a service: its pods' addresses, in one subset for each set of ports. */
export function describeEndpoints(
  service: Service,
  backends: readonly Backend[],
): coreV1.Endpoints {
  const { namespace, name, labels } = service.metadata;
  const members = backends.filter(({ terminating, ready }) => !terminating || ready);
  const kept = members.slice(0, mostAddresses);
  const headless = isHeadless(service) ? { [headlessLabel]: '' } : {};
  const truncated = { [capacityAnnotation]: 'truncated' };
  return {
    metadata: {
      namespace,
      name,
      labels: { ...labels, ...headless, [managedBy]: 'endpoint-controller' },
      ...(kept.length < members.length && { annotations: truncated }),
    },
    subsets: subsetsOf(service, kept),
  };
}

function subsetsOf(service: Service, backends: readonly Backend[]): coreV1.EndpointSubset[] {
  const groups = Map.groupBy(backends, ({ ports }) => portsKey(ports));
  return [...groups.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, members]) => {
      const ports = members[0]?.ports ?? [];
      // Without ports only a headless service's names are of use.
      if (ports.length === 0 && !isHeadless(service)) return [];
      const ready = members.filter((member) => member.ready);
      const others = members.filter((member) => !member.ready);
      return [
        {
          ...(ready.length > 0 && { addresses: addressesOf(service, ready) }),
          ...(others.length > 0 && { notReadyAddresses: addressesOf(service, others) }),
          ...(ports.length > 0 && { ports: ports.map(portOf) }),
        },
      ];
    });
}

function addressesOf(service: Service, backends: readonly Backend[]): coreV1.EndpointAddress[] {
  return backends
    .toSorted((a, b) => (a.address < b.address ? -1 : 1))
    .map(({ address, pod }) => ({
      ip: address,
      hostname: hostnameOf(service, pod),
      nodeName: pod.spec.nodeName,
      targetRef: referenceTo(pod),
    }));
}

function portOf({ name, port, protocol, appProtocol }: Backend['ports'][number]) {
  return { ...(name !== '' && { name }), port, protocol, appProtocol };
}

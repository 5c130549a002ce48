import type { ServicePort } from '../../api/types/generated/core-v1.ts';
import { serviceKeyOf } from '../../api/service-slices.ts';
import type { ClusterObjects } from '../cluster-objects.ts';
import { chooseBackends } from '../services/choose-endpoints.ts';
import type { NodeView } from '../services/node-view.ts';
import type { EndpointSource } from './endpoint-source.ts';
import type { Route } from './route.ts';

interface Known {
  readonly service: string;
  readonly port: Route['port'];
  endpoints: readonly string[];
  turn: number;
}

/** The endpoints of Services as the cluster's slices say, each asked as often as the others. */
export class ClusterEndpoints implements EndpointSource {
  readonly #objects: Pick<ClusterObjects, 'services' | 'endpointSlices'>;
  readonly #node: NodeView;
  readonly #onChange: (inUse: ReadonlySet<string>) => void;
  readonly #known = new Map<string, Known>();

  /** `onChange` is told of all endpoints in use whenever some of them came or went. */
  constructor(
    objects: Pick<ClusterObjects, 'services' | 'endpointSlices'>,
    nodeName: string,
    onChange: (inUse: ReadonlySet<string>) => void,
  ) {
    this.#objects = objects;
    this.#node = { ...nowhere, name: nodeName };
    this.#onChange = onChange;
    objects.services.onChange((now, before) => {
      const { namespace = '', name = '' } = (now ?? before)?.metadata ?? {};
      this.#look(`${namespace}/${name}`);
    });
    objects.endpointSlices.onChange((now, before) => {
      for (const slice of [now, before]) if (slice !== undefined) this.#look(serviceKeyOf(slice));
    });
  }

  endpointsOf({ namespace, service, port }: Route): readonly string[] {
    const key = `${namespace}/${service} ${port}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      const name = `${namespace}/${service}`;
      known = { service: name, port, endpoints: this.#find(name, port), turn: 0 };
      this.#known.set(key, known);
    }
    const { endpoints } = known;
    if (endpoints.length < 2) return endpoints;
    known.turn = (known.turn + 1) % endpoints.length;
    return [...endpoints.slice(known.turn), ...endpoints.slice(0, known.turn)];
  }

  /** Forgets what no rule asks for any more. */
  retain(routes: ReadonlySet<string>): void {
    for (const [key, { service }] of this.#known) if (!routes.has(service)) this.#known.delete(key);
    this.#tell();
  }

  #look(service: string): void {
    let changed = false;
    for (const known of this.#known.values()) {
      if (known.service !== service) continue;
      known.endpoints = this.#find(service, known.port);
      known.turn = 0;
      changed = true;
    }
    if (changed) this.#tell();
  }

  #tell(): void {
    this.#onChange(new Set([...this.#known.values()].flatMap(({ endpoints }) => endpoints)));
  }

  #find(key: string, wanted: Route['port']): string[] {
    const { services, endpointSlices } = this.#objects;
    const service = services.getByKey(key);
    // The name behind an ExternalName may be anything that only the nodes can reach.
    if (service === undefined || service.spec.type === 'ExternalName') return [];
    const port = portOf(service.spec.ports ?? [], wanted);
    if (port === undefined) return [];
    const slices = endpointSlices.find('service', key);
    return ([4, 6] as const).flatMap((family) =>
      chooseBackends(slices, { ...port, family }, this.#node).all.map(
        ({ address, port: number }) =>
          family === 4 ? `${address}:${number}` : `[${address}]:${number}`,
      ),
    );
  }
}

/** Hints of the topology count by the node's name alone. */
const nowhere: NodeView = {
  name: '',
  zone: '',
  addresses: [],
  podCidrs: [],
  serviceCidrs: [],
  ownAddresses: [],
};

function portOf(ports: readonly ServicePort[], wanted: Route['port']): ServicePort | undefined {
  return ports.find(
    ({ name, port, protocol = 'TCP' }) =>
      protocol === 'TCP' && (typeof wanted === 'number' ? port === wanted : name === wanted),
  );
}

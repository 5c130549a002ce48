import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { isOwnClass } from '../../api/ingress-class.ts';
import { equal } from '../../api/json.ts';
import { serviceKeyOf } from '../../api/service-slices.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import type { Service } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { entranceAddresses, entranceKey, familyOf } from './entrance-nodes.ts';
import { type BalancerPlan, isBalanced, planBalancer } from './plan-balancer.ts';

const source = 'service-controller';

/**
 * Gives Services of type LoadBalancer the addresses of the nodes: the nodes' own tables of Services
 * then lead what comes to one of them, at a port of the Service, to its endpoints. Of two that want
 * one port the older has it, and the other is told.
 */
export class ServiceBalancer implements Controller {
  readonly name = 'service-lb-controller';
  readonly workers = 1;
  readonly #cluster: Cluster;
  readonly #services;
  readonly #slices;
  readonly #nodes;
  readonly #classes;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#services = cluster.informer(resources.services);
    this.#slices = cluster.informer(resources.endpointSlices, {
      service: (slice) => [serviceKeyOf(slice)],
    });
    this.#nodes = cluster.informer(resources.nodes);
    this.#classes = cluster.informer(resources.ingressClasses);
  }

  get needs() {
    return [this.#services, this.#slices, this.#nodes, this.#classes];
  }

  watch(queue: WorkQueue): void {
    // What one of them has, another one may wait for.
    const all = (): void => {
      for (const service of this.#services.list()) {
        if (isBalanced(service)) queue.add(keyOf(service));
      }
    };
    this.#services.onChange((now, before) => {
      if (now !== undefined) queue.add(keyOf(now));
      const concerns = [now, before].some((one) => one !== undefined && isBalanced(one));
      if (concerns && claimKey(now) !== claimKey(before)) all();
    });
    this.#classes.onChange(all);
    this.#nodes.onChange((now, before) => {
      if (entranceKey(now) !== entranceKey(before)) all();
    });
    this.#slices.onChange((now, before) => {
      const slice = now ?? before;
      const key = slice === undefined ? '' : serviceKeyOf(slice);
      const service = this.#services.getByKey(key);
      if (service?.spec.externalTrafficPolicy === 'Local' && isBalanced(service)) queue.add(key);
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const service = this.#services.getByKey(key);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) return;
    const known = service.status?.loadBalancer?.ingress ?? [];
    if (service.spec.type !== 'LoadBalancer') {
      // Nobody balances it any more, and its addresses are somebody else's.
      if (known.length > 0) await this.#write(service, []);
      return;
    }
    if (!isBalanced(service)) return;
    const plan = this.#plan(service);
    if ('problem' in plan) {
      this.#tell(service, 'Warning', ['SyncLoadBalancerFailed', plan.problem]);
      if (known.length > 0) await this.#write(service, []);
      return;
    }
    const wanted = plan.addresses.map((ip) => ({ ip, ipMode: 'VIP' }));
    if (equal(known, wanted)) return;
    await this.#write(service, wanted);
    if (known.length === 0) {
      this.#tell(service, 'Normal', ['EnsuredLoadBalancer', 'Ensured load balancer']);
    }
  }

  #plan(service: Service): BalancerPlan {
    const slices = this.#slices.find('service', keyOf(service));
    const families = new Set((service.spec.clusterIPs ?? []).map(familyOf));
    return planBalancer(service, {
      others: this.#services.list().filter(isBalanced),
      entrances: entranceAddresses(this.#nodes.list()),
      families,
      nodesWithEndpoints: new Set(
        slices.flatMap(({ endpoints }) =>
          (endpoints ?? []).flatMap(({ nodeName, conditions }) =>
            nodeName !== undefined && conditions?.ready !== false ? [nodeName] : [],
          ),
        ),
      ),
      hasIngress: this.#classes.list().some(isOwnClass),
    });
  }

  async #write(service: Service, ingress: readonly { ip: string; ipMode: string }[]) {
    const loadBalancer = ingress.length === 0 ? {} : { ingress };
    const status = { ...service.status, loadBalancer };
    await this.#cluster.updateStatus(resources.services, { ...service, status });
  }

  #tell(
    service: Service,
    type: 'Normal' | 'Warning',
    [reason, message]: readonly [string, string],
  ): void {
    this.#cluster.events.tell(resources.services, service, { source, type, reason, message });
  }
}

/** What of a Service decides which ports of the nodes it has. */
function claimKey(service: Service | undefined): string {
  if (service === undefined || !isBalanced(service)) return '';
  const { ports = [], loadBalancerIP = '' } = service.spec;
  return `${loadBalancerIP} ${ports.map(({ protocol, port }) => `${protocol}/${port}`).join(' ')}`;
}

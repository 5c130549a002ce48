import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { isServed } from '../../api/ingress-class.ts';
import { foreignAnnotations } from '../../api/ingress-settings.ts';
import { equal } from '../../api/json.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import type { WorkQueue } from '../work-queue.ts';
import { entranceAddresses, entranceKey } from './entrance-nodes.ts';

const source = 'keelson-ingress';

/** Says of each Ingress that the nodes serve where it is reached: at every node that is ready. */
export class IngressStatusController implements Controller {
  readonly name = 'ingress-status-controller';
  readonly #cluster: Cluster;
  readonly #ingresses;
  readonly #classes;
  readonly #nodes;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#ingresses = cluster.informer(resources.ingresses);
    this.#classes = cluster.informer(resources.ingressClasses);
    this.#nodes = cluster.informer(resources.nodes);
  }

  get needs() {
    return [this.#ingresses, this.#classes, this.#nodes];
  }

  watch(queue: WorkQueue): void {
    const all = (): void => {
      for (const ingress of this.#ingresses.list()) queue.add(keyOf(ingress));
    };
    this.#ingresses.onChange((now) => {
      if (now !== undefined) queue.add(keyOf(now));
    });
    this.#classes.onChange(all);
    this.#nodes.onChange((now, before) => {
      if (entranceKey(now) !== entranceKey(before)) all();
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const ingress = this.#ingresses.getByKey(key);
    if (ingress === undefined || ingress.metadata.deletionTimestamp !== undefined) return;
    if (!isServed(ingress, this.#classes.list())) return;
    const addresses = [...entranceAddresses(this.#nodes.list()).values()].flat();
    const wanted = addresses.map((ip) => ({ ip }));
    if (equal(ingress.status?.loadBalancer?.ingress ?? [], wanted)) return;
    // Once: at its first status.
    if ((ingress.status?.loadBalancer?.ingress ?? []).length === 0) this.#tellForeign(ingress);
    const status = { ...ingress.status, loadBalancer: { ingress: wanted } };
    await this.#cluster.updateStatus(resources.ingresses, { ...ingress, status });
  }

  #tellForeign(ingress: Parameters<typeof foreignAnnotations>[0]): void {
    const foreign = foreignAnnotations(ingress);
    if (foreign.length === 0) return;
    this.#cluster.events.tell(resources.ingresses, ingress as never, {
      source,
      type: 'Warning',
      reason: 'UnsupportedAnnotation',
      message: `The nodes' proxy does not know ${foreign.join(', ')}: passed over`,
    });
  }
}

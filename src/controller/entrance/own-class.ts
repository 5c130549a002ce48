import { resources } from '../../api/client/resources.ts';
import { isRefused } from '../../api/client/refusal.ts';
import {
  defaultClass,
  defaultClassAnnotation,
  isOwnClass,
  ownIngressClass,
} from '../../api/ingress-class.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import type { WorkQueue } from '../work-queue.ts';

/**
 * Makes the class of Ingresses that the cluster's nodes serve, as its default where there is no
 * other: once at the start, so that whoever deletes it is rid of it until the next.
 */
export class OwnIngressClass implements Controller {
  readonly name = 'ingress-class-controller';
  readonly #cluster: Cluster;
  readonly #classes;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#classes = cluster.informer(resources.ingressClasses);
  }

  get needs() {
    return [this.#classes];
  }

  watch(queue: WorkQueue): void {
    queue.add(ownIngressClass.name);
  }

  async reconcile(name: string): Promise<undefined> {
    const classes = this.#classes.list();
    if (classes.some(isOwnClass)) return;
    const isDefault = defaultClass(classes) === undefined;
    try {
      await this.#cluster.create(resources.ingressClasses, {
        metadata: { name, ...(isDefault && { annotations: { [defaultClassAnnotation]: 'true' } }) },
        spec: { controller: ownIngressClass.controller },
      });
    } catch (error) {
      if (!isRefused(error, 'AlreadyExists')) throw error;
    }
  }
}

import type { Labels, LabelSelector } from '../../api/selector/label-selector.ts';
import type { PodFacts } from '../pod/pod-facts.ts';

/** Selectors of services and of the controllers of pods: which pods belong together. */
export class Workloads {
  readonly #services = new Map<string, Map<string, Labels>>();
  readonly #controllers = new Map<string, LabelSelector>();
  /** Counts changes. */
  generation = 0;

  setService(at: ObjectPlace, selector: Labels | undefined): void {
    const services = this.#services.get(at.namespace) ?? new Map<string, Labels>();
    if (JSON.stringify(services.get(at.name)) === JSON.stringify(selector)) return;
    this.generation += 1;
    if (selector === undefined || Object.keys(selector).length === 0) services.delete(at.name);
    else services.set(at.name, selector);
    if (services.size > 0) this.#services.set(at.namespace, services);
    else this.#services.delete(at.namespace);
  }

  setController(
    at: ObjectPlace & { readonly kind: string },
    selector: LabelSelector | undefined,
  ): void {
    const key = `${at.kind} ${at.namespace}/${at.name}`;
    if (JSON.stringify(this.#controllers.get(key)) === JSON.stringify(selector)) return;
    this.generation += 1;
    if (selector === undefined) this.#controllers.delete(key);
    else this.#controllers.set(key, selector);
  }

  /** What selects the pod and its like; empty when nothing does. */
  selectorOf({ namespace, labels, controller }: PodFacts): LabelSelector {
    const wanted = new Map<string, string>();
    for (const selector of this.#services.get(namespace)?.values() ?? []) {
      const entries = Object.entries(selector);
      if (!entries.every(([key, value]) => labels[key] === value)) continue;
      for (const [key, value] of entries) wanted.set(key, value);
    }
    const shared = [...wanted].map(
      ([key, value]) => ({ key, operator: 'in', values: [value] }) as const,
    );
    const owner = `${controller?.kind ?? ''} ${namespace}/${controller?.name ?? ''}`;
    const own = this.#controllers.get(owner) ?? [];
    return [...shared, ...own];
  }
}

export interface ObjectPlace {
  readonly namespace: string;
  readonly name: string;
}

import type { Informer } from '../../api/client/informer.ts';
import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import type { Cluster } from '../cluster.ts';
import { podsOf } from '../pods.ts';
import type { Pod, Service } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { hasSelector } from './backend.ts';

/** Which pods belong to which services. */
export class ServicePods {
  readonly services: Informer<coreV1.Service>;
  readonly pods: Informer<coreV1.Pod>;

  constructor(cluster: Cluster) {
    this.services = cluster.informer(resources.services);
    this.pods = podsOf(cluster);
  }

  /** Asks for each service whose pods may have changed. */
  watch(queue: WorkQueue): void {
    this.services.onChange((now, before) => {
      const object = now ?? before;
      if (object !== undefined) queue.add(keyOf(object));
    });
    this.pods.onChange((now, before) => {
      const labels = [now?.metadata.labels, before?.metadata.labels];
      if (now !== undefined && before !== undefined && isSameBackend(now, before)) return;
      const namespace = (now ?? before)?.metadata.namespace ?? '';
      for (const service of this.services.list(namespace)) {
        if (!hasSelector(service)) continue;
        if (labels.some((of) => of !== undefined && selects(service, of))) {
          queue.add(keyOf(service));
        }
      }
    });
  }

  /** Found by the label that the fewest pods have. */
  of(service: Service): readonly Pod[] {
    const namespace = service.metadata.namespace ?? '';
    const found = Object.entries(service.spec.selector ?? {}).map(([key, value]) =>
      this.pods.find('label', `${namespace}/${key}=${value}`),
    );
    const [fewest = []] = found.toSorted((a, b) => a.length - b.length);
    return fewest
      .filter(({ metadata }) => selects(service, metadata.labels ?? {}))
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }
}

function selects({ spec }: Service, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(spec.selector ?? {}).every(([key, value]) => labels[key] === value);
}

/** Most changes of a pod are of no concern to those who connect to it. */
function isSameBackend(now: Pod, before: Pod): boolean {
  return relevant(now) === relevant(before);
}

function relevant({ metadata, spec, status }: Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return JSON.stringify([
    metadata.uid,
    metadata.labels,
    metadata.deletionTimestamp !== undefined,
    spec.nodeName,
    status?.podIP,
    status?.podIPs,
    status?.phase,
    ready,
  ]);
}

import type { ApiClient } from '../../api/client/client.ts';
import { Informer } from '../../api/client/informer.ts';
import { resources } from '../../api/client/resources.ts';
import type { Pod, Service } from '../../api/types/generated/core-v1.ts';
import { aborted } from '../../base/aborted.ts';
import type { Clock } from '../../base/clock.ts';
import { isMirror, type LivePod } from '../pod/live-pod.ts';

export interface PodListener {
  /** `isNew` when the pod was not there yet when the source began. */
  readonly update: (pod: LivePod, isNew?: boolean) => void;
  readonly forget: (pod: LivePod) => void;
}

export interface ApiSourceOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Followed by somebody else; where absent, by this. */
  readonly services: Informer<Service> | undefined;
  readonly pods: PodListener;
  /** What the server has for static pods. */
  readonly mirrors: PodListener;
  readonly onError: (error: unknown) => void;
}

/** The pods that are bound to the node, and the services that they are told of. */
export class ApiSource {
  readonly #pods: Informer<Pod>;
  readonly #services: Informer<Service>;
  readonly #options: ApiSourceOptions;

  constructor(options: ApiSourceOptions) {
    this.#options = options;
    const { client, clock, onError, nodeName } = options;
    const common = { client, clock, onError };
    this.#services = options.services ?? new Informer({ ...common, resource: resources.services });
    this.#pods = new Informer({
      ...common,
      resource: resources.pods,
      fieldSelector: `spec.nodeName=${nodeName}`,
    });
  }

  services(): readonly Service[] {
    return this.#services.list();
  }

  /** Resolves when both were listed. */
  get synced(): Promise<void> {
    return this.#pods.synced;
  }

  /** Until the signal is aborted. Pods wait for the services, which they would miss for good. */
  async run(signal: AbortSignal): Promise<void> {
    const services = this.#options.services === undefined && this.#services.run(signal);
    const ended = aborted(signal);
    await Promise.race([this.#services.synced, ended]);
    this.#pods.onChange((now, before) => {
      if (before !== undefined && before.metadata.uid !== now?.metadata.uid) {
        this.#listenerFor(before).forget(before);
      }
      // The first list is told before it counts as one.
      const isNew = before === undefined && this.#pods.hasSynced;
      if (now !== undefined) this.#listenerFor(now).update(now, isNew);
    });
    await Promise.all([services, this.#pods.run(signal)]);
  }

  #listenerFor(pod: LivePod): PodListener {
    return isMirror(pod) ? this.#options.mirrors : this.#options.pods;
  }
}

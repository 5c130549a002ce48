import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { networkDefinitionKind } from './secondary/network-definition.ts';
import type { ApiClient, Stored } from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import { isRefused } from '../api/client/refusal.ts';
import { Informer } from '../api/client/informer.ts';
import { resources, type Resource } from '../api/client/resources.ts';
import { serviceKeyOf } from '../api/service-slices.ts';
import type { Node, Service } from '../api/types/generated/core-v1.ts';
import type { EndpointSlice } from '../api/types/generated/discovery-v1.ts';
import type { Ingress, IngressClass } from '../api/types/generated/networking-v1.ts';

/** What services, DNS and Ingress read of the cluster: one set of caches for all. */
export interface ClusterObjects {
  /** Who the node is to the coordinator. */
  readonly client: ApiClient;
  readonly services: Informer<Service>;
  /** With the index `service`: the keys of the Services that a slice belongs to. */
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly nodes: Informer<Node>;
  readonly ingresses: Informer<Ingress>;
  readonly ingressClasses: Informer<IngressClass>;
  /** Further networks for pods, where the cluster defines any. */
  readonly networkDefinitions: Informer<NetworkAttachmentDefinition>;
}

export type NetworkAttachmentDefinition = ApiObject & {
  readonly spec?: { readonly config?: string };
};

export interface ClusterObjectsOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Caches that follow the coordinator once {@link followClusterObjects} runs. */
export function openClusterObjects(options: ClusterObjectsOptions): ClusterObjects {
  return {
    client: options.client,
    services: informer(options, resources.services),
    endpointSlices: informer(options, resources.endpointSlices, {
      service: (slice) => [serviceKeyOf(slice)],
    }),
    nodes: informer(options, resources.nodes),
    ingresses: informer(options, resources.ingresses),
    ingressClasses: informer(options, resources.ingressClasses),
    networkDefinitions: definitionsOf(options),
  };
}

/** Resolves when the signal is aborted. While the coordinator is away the caches stay. */
export async function followClusterObjects(
  objects: ClusterObjects,
  signal: AbortSignal,
): Promise<void> {
  const informers = Object.values(objects).filter((one) => one instanceof Informer);
  await Promise.all(informers.map((informer) => informer.run(signal)));
}

/** In most clusters nobody has defined the kind: that is not worth a word. */
function definitionsOf(options: ClusterObjectsOptions): Informer<NetworkAttachmentDefinition> {
  const { client, clock, log } = options;
  const resource: Resource<NetworkAttachmentDefinition> = { kind: networkDefinitionKind };
  let said = '';
  const made = new Informer<NetworkAttachmentDefinition>({
    client,
    clock,
    resource,
    onError(error) {
      if (isRefused(error, 'NotFound')) return made.forgetAll();
      const reason = messageOf(error);
      if (reason !== said) log.warn({ err: error }, `Cannot follow ${resource.kind.plural}`);
      said = reason;
    },
  });
  return made;
}

function informer<T extends ApiObject>(
  { client, clock, log }: ClusterObjectsOptions,
  resource: Resource<T>,
  indexes: Readonly<Record<string, (object: Stored<T>) => readonly string[]>> = {},
): Informer<T> {
  let said = '';
  return new Informer<T>({
    client,
    clock,
    resource,
    indexes,
    onError(error) {
      // Once for each reason: an absent coordinator would say the same for hours.
      const reason = messageOf(error);
      if (reason !== said) log.warn({ err: error }, `Cannot follow ${resource.kind.plural}`);
      said = reason;
    },
  });
}

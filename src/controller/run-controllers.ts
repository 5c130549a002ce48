import type { ApiClient } from '../api/client/client.ts';
import type { SharedInformers } from '../api/client/shared-informers.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { HorizontalAutoscaler } from './autoscale/controller.ts';
import { Cluster } from './cluster.ts';
import { type Controller, runController } from './control-loop.ts';
import { CronJobController } from './cron/controller.ts';
import { DaemonSetController } from './daemon-set/controller.ts';
import { DeploymentController } from './deployment/controller.ts';
import { EndpointSliceController } from './endpoints/endpoint-slice.ts';
import { EndpointsController } from './endpoints/endpoints.ts';
import { SliceMirror } from './endpoints/mirror-slices.ts';
import { ServiceBalancer } from './entrance/balancer.ts';
import { IngressStatusController } from './entrance/ingress-status.ts';
import { OwnIngressClass } from './entrance/own-class.ts';
import { GarbageCollector } from './garbage/collector.ts';
import { NamespaceController } from './namespace/namespace.ts';
import {
  RootCertificatePublisher,
  ServiceAccountController,
  TokenCleaner,
} from './namespace/service-account.ts';
import { JobController } from './job/controller.ts';
import { StatefulSetController } from './stateful-set/controller.ts';
import { NodeLifecycleController } from './node/lifecycle.ts';
import { PodCollector } from './node/pod-collector.ts';
import { type PodRange, PodRangeController } from './node/pod-range.ts';
import { TaintEvictionController } from './node/taint-eviction.ts';
import { DisruptionController } from './disruption-budget.ts';
import { ClaimBinder } from './volume/claim-binder.ts';
import { DefaultClass } from './volume/default-class.ts';
import { EphemeralClaims } from './volume/ephemeral-claim.ts';
import { ClaimProtection, VolumeProtection } from './volume/protection.ts';
import { VolumeReclaimer } from './volume/volume-reclaimer.ts';
import { replicaSetController, replicationController } from './replica-set.ts';

export interface ControllersOptions {
  readonly clock?: Clock;
  /** Ends the controllers, each after what it is at. */
  readonly signal: AbortSignal;
  /** The CA's bundle in PEM, which every namespace gets; without it none does. */
  readonly rootCertificate?: () => string;
  /** Where nodes' ranges of pod addresses come from; 10.244.0.0/16 in ranges of /24 by default. */
  readonly podRanges?: readonly PodRange[];
  /** Whether the nodes serve Ingresses: then there is a class of them, and they have a status. */
  readonly servesIngress?: boolean;
  /** Whether Services of type LoadBalancer get the nodes' addresses. */
  readonly balances?: boolean;
  /** Caches that others in the process read too, which these controllers follow. */
  readonly informers?: SharedInformers;
  /** Told of failures; what failed is tried again after a while. */
  readonly onError?: (what: string, error: unknown) => void;
}

/** Every controller. The collector comes last: of kinds that others keep whole it needs less. */
function makeControllers(cluster: Cluster, options: ControllersOptions): readonly Controller[] {
  const { rootCertificate } = options;
  return [
    replicationController(cluster),
    replicaSetController(cluster),
    new DeploymentController(cluster),
    new StatefulSetController(cluster),
    new DaemonSetController(cluster),
    new JobController(cluster),
    new CronJobController(cluster),
    new EndpointsController(cluster),
    new EndpointSliceController(cluster),
    new SliceMirror(cluster),
    new NodeLifecycleController(cluster),
    new TaintEvictionController(cluster),
    new PodCollector(cluster),
    new PodRangeController(cluster, options.podRanges),
    new DisruptionController(cluster),
    new HorizontalAutoscaler(cluster),
    new DefaultClass(cluster),
    new EphemeralClaims(cluster),
    new ClaimBinder(cluster),
    new VolumeReclaimer(cluster),
    new ClaimProtection(cluster),
    new VolumeProtection(cluster),
    new ServiceAccountController(cluster),
    new TokenCleaner(cluster),
    ...(rootCertificate === undefined
      ? []
      : [new RootCertificatePublisher(cluster, rootCertificate)]),
    ...(options.servesIngress === true
      ? [new OwnIngressClass(cluster), new IngressStatusController(cluster)]
      : []),
    ...(options.balances === true ? [new ServiceBalancer(cluster)] : []),
    new NamespaceController(cluster),
    new GarbageCollector(cluster),
  ];
}

/**
 * Runs all controllers against an API until the signal is aborted. Only one process of a cluster
 * may do so at a time.
 */
export async function runControllers(
  client: ApiClient,
  options: ControllersOptions,
): Promise<void> {
  const { clock = systemClock, signal, onError = () => undefined } = options;
  const { informers } = options;
  const cluster = new Cluster({ client, clock, onError, ...(informers && { informers }) });
  const controllers = makeControllers(cluster, options);
  await Promise.all([
    cluster.informers.run(signal),
    ...controllers.map((controller) => runController(cluster, controller, { signal, onError })),
  ]);
}

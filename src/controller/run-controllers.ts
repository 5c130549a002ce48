import type { ApiClient } from '../api/client/client.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { Cluster } from './cluster.ts';
import { type Controller, runController } from './control-loop.ts';
import { DeploymentController } from './deployment/controller.ts';
import { replicaSetController, replicationController } from './replica-set.ts';

export interface ControllersOptions {
  readonly clock?: Clock;
  /** Ends the controllers, each after what it is at. */
  readonly signal: AbortSignal;
  /** Told of failures; what failed is tried again after a while. */
  readonly onError?: (what: string, error: unknown) => void;
}

/** Every controller, in the order in which their work builds on each other's. */
const makers: readonly ((cluster: Cluster) => Controller)[] = [
  replicationController,
  replicaSetController,
  (cluster) => new DeploymentController(cluster),
];

/**
 * Runs all controllers against an API until the signal is aborted. Only one process of a cluster
 * may do so at a time.
 */
export async function runControllers(
  client: ApiClient,
  options: ControllersOptions,
): Promise<void> {
  const { clock = systemClock, signal, onError = () => undefined } = options;
  const cluster = new Cluster({ client, clock, onError });
  const controllers = makers.map((make) => make(cluster));
  await Promise.all([
    ...cluster.informers.map((informer) => informer.run(signal)),
    ...controllers.map((controller) => runController(cluster, controller, { signal, onError })),
  ]);
}

import type { ApiClient } from '../../api/client/client.ts';
import type { JsonObject } from '../../api/json.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { NodeState } from '../node/node-state.ts';
import type { NodePods } from '../pod/node-pods.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import type { PodVolumes } from '../volume/pod-volumes.ts';

export interface ServeKubeletOptions {
  readonly configuration: KubeletConfiguration;
  /** What `/configz` shows. */
  readonly document: JsonObject;
  readonly node: NodeState;
  readonly pods: NodePods;
  readonly volumes: PodVolumes;
  readonly runtime: ContainerRuntime;
  /** Reviews tokens and access. Absent, only what the configuration itself allows comes in. */
  readonly client?: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Holds the serving certificate; `/var/lib/kubelet/pki`. */
  readonly certificates: string;
  /** `/var/lib/kubelet` */
  readonly root: string;
  /** The cluster's authority in PEM, who signed the clients; else `clientCAFile`'s. */
  readonly authority?: string;
  /** Metrics of other parts, in Prometheus' text, added to `/metrics` and `/metrics/probes`. */
  readonly metrics?: () => Promise<string>;
  readonly probeMetrics?: () => Promise<string>;
  /** What ails the kubelet, for `/healthz`; nothing while it is well. */
  readonly ailments?: () => readonly string[];
}

/** The kubelet's API while it listens. Disposing of it ends its connections too. */
export interface KubeletServer extends AsyncDisposable {
  readonly port: number;
  /** Of `/healthz` for this host alone; 0 where that is switched off. */
  readonly healthPort: number;
}

import type { ApiClient } from '../../api/client/client.ts';
import type { ApiAddress } from '../../api/client/connection.ts';
import type { Taint } from '../../api/types/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { NodePods } from '../pod/node-pods.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import type { PodVolumes } from '../volume/pod-volumes.ts';
import type { NodeState } from './node-state.ts';

/** What happened to the node or to a pod, for an event's writer. */
export interface NodeEvent {
  /** Undefined for the node itself. */
  readonly podUid?: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface NodeStateOptions {
  readonly name: string;
  /** Absent where the kubelet stands alone: nothing is registered. */
  readonly client?: ApiClient;
  /** Has the client give up its connections, and what is under way on them. */
  readonly reconnect?: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly configuration: KubeletConfiguration;
  readonly runtime: ContainerRuntime;
  /** `/var/lib/kubelet`: its file system is `nodefs`. */
  readonly root: string;
  /** `--node-ip`; by default that of the route to the outside. */
  readonly addresses?: readonly string[];
  /** `--node-labels` */
  readonly labels?: Readonly<Record<string, string>>;
  /** `--register-with-taints`; beside those of the configuration. */
  readonly taints?: readonly Taint[];
  readonly tell: (event: NodeEvent) => void;
}

/** The node's state while it is kept up to date. Disposing of it ends that; the Node stays. */
export interface LiveNodeState extends NodeState, AsyncDisposable {
  /**
   * Begins what acts on pods, images and logs: eviction, garbage collection, log rotation,
   * graceful shutdown. Before it `pressure` is none. Once.
   */
  manage(pods: NodePods, volumes?: PodVolumes): void;
  /** The port of the API server, told in the Node; 0 while there is none. */
  servesOn(port: number): void;
  /** Sends the status at once: something in it has changed. */
  changed(): void;
}

export interface CredentialOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the wait for a certificate, too. */
  readonly signal: AbortSignal;
  /** Holds `kubelet-client-current.pem`, 0600; `/var/lib/kubelet/pki`. */
  readonly folder: string;
  /** Read where it is there; else written once there is a certificate. */
  readonly kubeconfig: string;
  /** Who asks for the first certificate. Waited for where the kubeconfig is absent, too. */
  readonly bootstrapKubeconfig?: string;
  /** `rotateCertificates` */
  readonly rotates: boolean;
}

/** Who the kubelet is to the API; its certificate is renewed before it ends. */
export interface NodeCredentials extends Disposable {
  readonly address: ApiAddress;
  /** Called with each address after the first. */
  onRenewal(renewed: (address: ApiAddress) => void): void;
}

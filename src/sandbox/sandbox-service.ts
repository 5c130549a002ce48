import type { IdMapping } from '../container/spec-linux.ts';

export { networksAnnotation } from '../cni/secondary/selection.ts';

/** What a pod is made from. Everything is the operator's or kubelet's own word. */
export interface PodSandboxRequest {
  /** Lower-case hexadecimal or a name of `[a-z0-9-]`, at most 64 characters; names the folders. */
  readonly id: string;
  /** At most 64 bytes; the node's own in its place where the network is the host's. */
  readonly hostname: string;
  /**
   * `none`: a network namespace with only `lo`, up. `pod`: the same, attached to the network of the
   * CNI configuration.
   */
  readonly network: 'none' | 'host' | 'pod';
  /** What the network's plugins are told, for `pod`. */
  readonly attachment?: PodAttachment;
  readonly ipc: 'pod' | 'host';
  /** The size of the pod's /dev/shm, which its containers share; 64 MiB by default. */
  readonly shmBytes?: number;
  /** `pod`: one PID namespace for all its containers, kept by a tiny first process. */
  readonly pid: 'container' | 'pod' | 'host';
  /** With mappings the pod has a user namespace, which owns its other namespaces. */
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  readonly dns?: PodDns;
  /** Namespaced ones only; others are refused as `invalid`. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Below the hierarchy's root, `/kubepods/pod1`; containers live in folders of it. */
  readonly cgroupPath: string;
}

export interface PodAttachment {
  /** For CNI_ARGS: K8S_POD_NAMESPACE, K8S_POD_NAME. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** What may be offered as `runtimeConfig`: portMappings, bandwidth, dns. */
  readonly capabilityArguments?: Readonly<Record<string, unknown>>;
  /** Further networks, as the annotation `k8s.v1.cni.cncf.io/networks` names them. */
  readonly secondary?: string;
}

export interface PodDns {
  readonly servers?: readonly string[];
  readonly searches?: readonly string[];
  readonly options?: readonly string[];
}

export interface PodSandboxStatus {
  readonly id: string;
  /** `unknown`: its record is damaged; it can still be stopped and removed. */
  readonly state: 'ready' | 'notReady' | 'unknown';
  readonly createdAtMs: number;
  /** The request as recorded; undefined where the record is damaged. */
  readonly request: PodSandboxRequest | undefined;
  /** Pinned namespaces, for `linux.namespaces[].path`; absent where the host's is used. */
  readonly namespaces: {
    readonly network?: string;
    readonly ipc?: string;
    readonly uts?: string;
    readonly user?: string;
    readonly pid?: string;
  };
  /** To be bind-mounted at /dev/shm; absent where the host's is used. */
  readonly shm?: string;
  /** Addresses without prefix length, the primary one first; none but for `pod`. */
  readonly addresses: readonly string[];
  /** To be bind-mounted at /etc/hosts, /etc/resolv.conf and /etc/hostname. */
  readonly files: {
    readonly hosts: string;
    readonly resolvConf: string;
    readonly hostname: string;
  };
  /** The shim's; 0 when it is gone. */
  readonly shimPid: number;
}

/**
 * Pods: pinned namespaces, their files and their shim. A pod outlives the process that made it.
 * `stop` and `remove` succeed when there is nothing left to do. Throws KernelError, and
 * DomainError notFound, exists, invalid, unsupported.
 */
export interface PodSandboxes {
  /**
   * Makes all of it, or, on failure, leaves nothing; where undoing fails too (a network that is
   * down), it is there, not ready, and to be removed. `signal` gives up waiting for the network.
   */
  run(request: PodSandboxRequest, signal?: AbortSignal): Promise<PodSandboxStatus>;
  /**
   * Ends its containers and gives the network back; files and record stay. `lost`: what it was run
   * with, where a reboot has taken the record.
   */
  stop(id: string, lost?: PodSandboxRequest): Promise<void>;
  /** Stops it if need be, removes its containers, its shim and every trace. */
  remove(id: string): Promise<void>;
  status(id: string): PodSandboxStatus;
  list(): readonly PodSandboxStatus[];
  /** Reads the records of an earlier process and finishes or undoes. After the engine's own. */
  recover(): Promise<void>;
}

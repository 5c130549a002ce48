import type { Logger } from '../../base/log.ts';
import type { Clock } from '../../base/clock.ts';
import type { ApiClient } from '../../api/client/client.ts';
import type { PodVolumes } from './pod-volumes.ts';

export interface PodVolumesOptions {
  /**
   * The kubelet's state, made if it is missing. A volume is in it at
   * `pods/UID/volumes/kubernetes.io~TYPE/NAME`. All of `pods/UID` goes with `remove`, what other
   * parts keep there too.
   */
  readonly folder: string;
  /** Where this node keeps the volumes that the default StorageClass asks for. */
  readonly localFolder: string;
  /** Undefined without a coordinator: then what comes from the API is `unavailable`. */
  readonly client: ApiClient | undefined;
  readonly nodeName: string;
  /** Of the node: bounds memory volumes, and downward values fall back to it. */
  readonly allocatable: () => ReadonlyMap<string, string>;
  /** Whether the runtime of a pod makes mounts recursively read-only; by default it does. */
  readonly recursiveReadOnly?: (runtimeClass: string | undefined) => boolean;
  /** How often tokens and deleted local volumes are looked at; 10 s by default. */
  readonly lookMs?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** Disposing ends the watches and timers; volumes stay as they are. */
export type OpenedPodVolumes = PodVolumes & AsyncDisposable;

/** `openPodVolumes` of open-pod-volumes.ts. */
export type OpenPodVolumes = (options: PodVolumesOptions) => Promise<OpenedPodVolumes>;

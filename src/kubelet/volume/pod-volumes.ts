import type { Stored } from '../../api/client/client.ts';
import type { Container, Pod } from '../../api/types/generated/core-v1.ts';

/** A mount of a container, as the CRI wants it. */
export interface VolumeMountPlan {
  /** On the host; stays what it is until the pod's volumes are removed. Empty for an image. */
  readonly hostPath: string;
  /** The volume whose image it is, and the part of it that is mounted; empty for all. */
  readonly image?: { readonly volume: string; readonly subPath: string };
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly recursiveReadOnly: boolean;
  readonly propagation: 'None' | 'HostToContainer' | 'Bidirectional';
}

/**
 * The volumes of a node's pods, below one folder. What is missing (a ConfigMap, a claim not yet
 * bound) is a DomainError `notFound` or `unavailable` in the words of the event FailedMount: try
 * again. A wrong specification is `invalid`.
 */
export interface PodVolumes {
  /** Makes all volumes of the pod; what is made already stays. */
  prepare(pod: Stored<Pod>, signal: AbortSignal): Promise<void>;
  /** The volumeMounts of the container; `environment` is what subPathExpr expands. */
  mountsOf(
    pod: Stored<Pod>,
    container: Container,
    environment: ReadonlyMap<string, string>,
  ): Promise<readonly VolumeMountPlan[]>;
  /** Brings ConfigMaps, Secrets, downward values and tokens of a running pod up to date. */
  refresh(pod: Stored<Pod>): Promise<void>;
  /** Unmounts and removes all that is the pod's, after its containers ended. Repeatable. */
  remove(uid: string): Promise<void>;
  /** The pods that have something here, for what a restart has to clear away. */
  uids(): Promise<readonly string[]>;
  /** Bytes and inodes by volume, for statistics and eviction; what is not counted is absent. */
  usageOf(pod: Stored<Pod>): Promise<ReadonlyMap<string, VolumeUsage>>;
}

export interface VolumeUsage {
  readonly usedBytes: number;
  readonly usedInodes: number;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

import type { Stored } from '../../api/client/client.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';

/** The pods of this node, as the kubelet's API, statistics and eviction see them. */
export interface NodePods {
  /** All that are known, static pods with their mirrors' names, each with its newest status. */
  list(): readonly Stored<Pod>[];
  find(namespace: string, name: string): Stored<Pod> | undefined;
  findByUid(uid: string): Stored<Pod> | undefined;
  /** The running or last container of that name; undefined when none was made. */
  containerId(uid: string, container: string): string | undefined;
  /** The pod's sandbox of now. */
  sandboxId(uid: string): string | undefined;
  /**
   * Ends the pod for good: its phase becomes Failed with `reason` and `message`. The grace is cut
   * to `graceSeconds` where that is given.
   */
  fail(uid: string, failure: PodFailure): Promise<void>;
  /** Resolves when the pod's containers have ended. */
  ended(uid: string, signal: AbortSignal): Promise<void>;
}

export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  readonly graceSeconds?: number;
}

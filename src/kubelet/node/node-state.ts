import type { Stored } from '../../api/client/client.ts';
import type { Node } from '../../api/types/generated/core-v1.ts';

export interface Pressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly processes: boolean;
}

/** What the kubelet knows of its own node. */
export interface NodeState {
  readonly name: string;
  /** IPv4 first unless configured otherwise; one or two. */
  readonly addresses: readonly string[];
  /** The object as the server last had it; undefined until it is registered. */
  node(): Stored<Node> | undefined;
  /** Quantities by resource name: cpu `1930m`, memory `7812Mi`, pods `110`. */
  allocatable(): ReadonlyMap<string, string>;
  /** While set, new pods are refused; best-effort pods alone under memory pressure. */
  pressure(): Pressure;
  /** The machine is about to go down: no pod is taken on any more. */
  readonly isShuttingDown: boolean;
  /** Told by the pod workers when the runtime answered or failed to; part of Ready. */
  runtimeAnswered(failure: string | undefined): void;
}

import { systemClock, sleep } from '../base/clock.ts';
import { isDomainError, messageOf } from '../base/error.ts';
import type { Ledger } from '../base/ledger.ts';
import type { Logger } from '../base/log.ts';
import { type ClusterObjects, followClusterObjects } from './cluster-objects.ts';

/** What every part of a node's network works with. */
export interface NodeNetwork {
  /** This node's. */
  readonly nodeName: string;
  /** The cluster, followed by the agent; absent where there is no coordinator. */
  readonly objects: ClusterObjects | undefined;
  /** Where each change to the host is put on record before it is made. */
  readonly ledger: Ledger;
  /** `/run/keelson`: gone at reboot. */
  readonly runFolder: string;
  /** `/var/lib/keelson/network`. */
  readonly stateFolder: string;
  readonly log: Logger;
}

/** The overlay, the services, the DNS: one each, in one process. */
export interface NetworkPart {
  /** In logs: `overlay`. */
  readonly name: string;
  /**
   * Works until the signal is aborted, and leaves what it made in place: pods go on without us.
   * What it throws is logged, and it is started again.
   */
  run(node: NodeNetwork, signal: AbortSignal): Promise<void>;
}

const restartMs = 1000;

/** Runs all parts until the signal is aborted; each on its own, so that one may fail. */
export async function runNetwork(
  node: NodeNetwork,
  parts: readonly NetworkPart[],
  signal: AbortSignal,
): Promise<void> {
  const { objects } = node;
  const following = objects && followClusterObjects(objects, signal);
  await Promise.all([following, ...parts.map((part) => keepRunning(part, node, signal))]);
}

async function keepRunning(
  part: NetworkPart,
  node: NodeNetwork,
  signal: AbortSignal,
): Promise<void> {
  const log = node.log.child({ part: part.name });
  while (!signal.aborted) {
    try {
      await part.run({ ...node, log }, signal);
      if (signal.aborted) return;
      log.error(`${part.name} ended by itself`);
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, `${part.name}: ${messageOf(error)}`);
      // What the kernel does not have now it will not have in a second.
      if (isDomainError(error, 'unsupported')) return;
    }
    await sleep(systemClock, restartMs, signal);
  }
}

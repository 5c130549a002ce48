import { systemClock, sleep } from '../base/clock.ts';
import { messageOf } from '../base/error.ts';
import type { Ledger } from '../base/ledger.ts';
import type { Logger } from '../base/log.ts';
import type { ApiClient } from '../api/client/client.ts';
import type { Informer } from '../api/client/informer.ts';
import type { Node } from '../api/types/generated/core-v1.ts';

/** What every part of a node's network works with. */
export interface NodeNetwork {
  /** This node's. */
  readonly nodeName: string;
  /** The coordinator; absent where the nodes are in a file. */
  readonly client: ApiClient | undefined;
  /** All nodes, followed by the agent; absent with `client`. */
  readonly nodes: Informer<Node> | undefined;
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
  /** Resolves when the part has done its work for the first time. */
  readonly ready: Promise<void>;
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
  const following = node.nodes?.run(signal);
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
    }
    await sleep(systemClock, restartMs, signal);
  }
}

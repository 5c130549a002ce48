import { aborted } from '../base/aborted.ts';
import type { Cluster } from './cluster.ts';
import { isEnding } from './pod-control.ts';
import { isRefused } from '../api/client/refusal.ts';
import { type Work, WorkQueue } from './work-queue.ts';

/** One loop: which changes concern which keys, and what is to be done for a key. */
export interface Controller {
  /** As the source of its events: `replicaset-controller`. */
  readonly name: string;
  /** Caches that have to be filled before it acts. */
  readonly needs: readonly { readonly synced: Promise<void> }[];
  readonly workers?: number;
  /** Ties changes to keys; called once. */
  watch(queue: WorkQueue): void;
  /** Looks at what is and what shall be; its result asks for another look after so many ms. */
  reconcile: Work;
}

export interface LoopOptions {
  readonly signal: AbortSignal;
  readonly onError: (what: string, error: unknown) => void;
}

const usualWorkers = 4;

/** Runs a controller until the signal is aborted. */
export async function runController(
  cluster: Cluster,
  controller: Controller,
  { signal, onError }: LoopOptions,
): Promise<void> {
  const queue = new WorkQueue({
    clock: cluster.clock,
    onError: (key, error) => {
      if (!isUsual(error)) onError(`${controller.name} ${key}`, error);
    },
  });
  await Promise.race([
    Promise.all(controller.needs.map((informer) => informer.synced)),
    aborted(signal),
  ]);
  if (signal.aborted) return;
  controller.watch(queue);
  const work: Work = async (key) => {
    await cluster.settle(namespaceOf(key));
    return await controller.reconcile(key);
  };
  await queue.run(controller.workers ?? usualWorkers, work, signal);
}

/** Somebody else was faster, or the object is on its way out: that is how it should be. */
function isUsual(error: unknown): boolean {
  return isRefused(error, 'Conflict', 'NotFound', 'AlreadyExists') || isEnding(error);
}

function namespaceOf(key: string): string {
  const at = key.indexOf('/');
  return at < 0 ? '' : key.slice(0, at);
}

import type { Stored } from '../../../api/client/client.ts';
import type { Pod } from '../../../api/types/generated/core-v1.ts';
import { type Clock, sleep } from '../../../base/clock.ts';
import type { KubeletConfiguration } from '../../config/kubelet-configuration.ts';
import { isCritical } from '../../pod/admit-pod.ts';
import type { NodePods } from '../../pod/node-pods.ts';

export interface Phase {
  readonly critical: boolean;
  readonly graceMs: number;
}

type Periods = Pick<
  KubeletConfiguration,
  'shutdownGracePeriod' | 'shutdownGracePeriodCriticalPods'
>;

/** Critical pods, which others may need to end well, have the end of the time for themselves. */
export function shutdownPhases(periods: Periods): readonly Phase[] {
  const { shutdownGracePeriod: all, shutdownGracePeriodCriticalPods: critical } = periods;
  if (all === 0) return [];
  return [
    { critical: false, graceMs: all - critical },
    { critical: true, graceMs: critical },
  ];
}

const reason = 'Terminated';
const message = 'Pod was terminated in response to imminent node shutdown.';
/** What a pod has by itself. */
const usualSeconds = 30;

export interface EndingPods {
  readonly pods: NodePods;
  readonly clock: Clock;
  readonly phases: readonly Phase[];
}

/** Ends all pods, phase after phase; each lasts as long as its pods do, or its time. */
export async function endPods(ending: EndingPods, signal: AbortSignal): Promise<void> {
  const { pods, clock, phases } = ending;
  for (const { critical, graceMs } of phases) {
    const some = pods.list().filter((pod) => isCritical(pod) === critical && !isOver(pod));
    if (some.length === 0 || signal.aborted) continue;
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const ends = some.map(async (pod) => {
      const own = pod.spec.terminationGracePeriodSeconds ?? usualSeconds;
      const graceSeconds = Math.min(own, Math.floor(graceMs / 1000));
      await pods.fail(pod.metadata.uid, { reason, message, graceSeconds });
      await pods.ended(pod.metadata.uid, until);
    });
    await Promise.race([Promise.allSettled(ends), sleep(clock, graceMs, until)]);
    over.abort();
  }
}

function isOver({ status }: Stored<Pod>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

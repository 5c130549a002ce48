import { setImmediate } from 'node:timers/promises';
import type { ApiClient, ApiObject } from '../api/client/client.ts';
import type { Informer } from '../api/client/informer.ts';
import { resources } from '../api/client/resources.ts';
import { systemClock } from '../base/clock.ts';
import { followCluster, informerOf } from './run/follow-cluster.ts';
import type { SchedulerOptions } from './run/options.ts';
import { Scheduler } from './run/scheduler.ts';

/** So long decisions are made before the server's answers are looked at again. */
const sliceMs = 8;

/**
 * Gives pods nodes until the signal is aborted. Only one process of a cluster may do so for a
 * scheduler's name at a time.
 */
export async function runScheduler(client: ApiClient, options: SchedulerOptions): Promise<void> {
  const { clock = systemClock, onError = () => undefined } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const scheduler = new Scheduler(client, { ...options, signal });
  const following = { client, clock, onError };
  const others = followCluster(following, scheduler.engine, (event) => scheduler.happened(event));
  const pods = informerOf(following, resources.pods);
  pods.onChange((now, before) => scheduler.podChanged(now, before));
  const informers = [...others, pods as unknown as Informer<ApiObject>];
  const watches = informers.map((informer) => informer.run(signal));
  const synced = Promise.all(informers.map((informer) => informer.synced));
  try {
    await Promise.race([synced, aborted(signal)]);
    while (!signal.aborted) {
      await scheduler.work(sliceMs);
      await scheduler.rest();
      // Watches and answers have their turn before the next decisions.
      await setImmediate();
    }
    await scheduler.settled();
  } finally {
    failed.abort();
    await Promise.all(watches);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

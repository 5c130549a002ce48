import { setImmediate } from 'node:timers/promises';
import type { ApiClient } from '../api/client/client.ts';
import { resources } from '../api/client/resources.ts';
import { SharedInformers } from '../api/client/shared-informers.ts';
import { systemClock } from '../base/clock.ts';
import { followCluster } from './run/follow-cluster.ts';
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
  const { informers = new SharedInformers({ client, clock, onError }) } = options;
  const others = followCluster(informers, scheduler.engine, (event) => scheduler.happened(event));
  const pods = informers.informer(resources.pods);
  pods.onChange((now, before) => scheduler.podChanged(now, before));
  const watches = options.informers === undefined ? informers.run(signal) : undefined;
  const synced = Promise.all([pods, ...others].map((informer) => informer.synced));
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
    await watches;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import { performance } from 'node:perf_hooks';
import { giveMemoryBack } from '../kernel/give-memory-back.ts';

/** Between looks, so that what comes and goes in waves is not taken for quiet. */
const lookMs = 5000;
/** Shares of the time: a start, or pods that come and go; fifty pods with a probe a second. */
const busyShare = 0.1;
const quietShare = 0.05;

/** Gives memory back when a busy time is over, until the signal is aborted. */
export function keepSmall(signal: AbortSignal): void {
  let since = performance.eventLoopUtilization();
  let wasBusy = true;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, since);
    since = now;
    if (utilization >= busyShare) wasBusy = true;
    if (!wasBusy || utilization >= quietShare) return;
    wasBusy = false;
    giveMemoryBack();
    // Its own work is not what it waits for.
    since = performance.eventLoopUtilization();
  }, lookMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

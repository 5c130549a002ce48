import type { LifecycleHandler, Pod } from '../../api/types/generated/core-v1.ts';
import { messageOf } from '../../base/error.ts';
import { runHook } from '../probe/run-probe.ts';
import type { ObservedContainer, ObservedPod } from '../runtime/observed-pod.ts';
import { annotation } from '../runtime/record.ts';
import { containersOf } from './pod-containers.ts';
import type { PodSurroundings } from './pod-surroundings.ts';

export interface Ending {
  readonly pod: Pod;
  readonly message: string;
  /** Until the program is killed; its preStop hook is within it. */
  readonly graceSeconds: number;
  /** Aborted when the grace was cut: its new end is what `left` says then. */
  readonly hurry?: Hurry;
}

export interface Hurry {
  readonly signal: AbortSignal;
  readonly graceSeconds: () => number;
}

/** What a program has at least after its preStop hook, in seconds. */
const leastGrace = 2;

/** preStop, SIGTERM, and after the grace SIGKILL. Resolves when the container has ended. */
export async function endContainer(
  surroundings: PodSurroundings,
  container: ObservedContainer,
  ending: Ending,
): Promise<void> {
  const { runtime, clock, events } = surroundings;
  const { pod, graceSeconds, hurry } = ending;
  const what = containersOf(pod).find((one) => one.container.name === container.name);
  events.tell(pod, {
    ...(what !== undefined && { what }),
    reason: 'Killing',
    message: ending.message,
  });
  const begunMs = clock.now();
  const hook = preStopOf(container);
  if (hook !== undefined && graceSeconds > 0 && hurry?.signal.aborted !== true) {
    await unlessHurried(runPreStop(surroundings, container, ending, hook), hurry);
  }
  const spent = Math.floor((clock.now() - begunMs) / 1000);
  const left = hook === undefined ? graceSeconds : Math.max(graceSeconds - spent, leastGrace);
  const stopped = runtime.stopContainer(container.id, left);
  await unlessHurried(stopped, hurry);
  if (hurry?.signal.aborted === true) {
    await Promise.race([stopped, runtime.stopContainer(container.id, hurry.graceSeconds())]);
  }
}

async function unlessHurried(work: Promise<void>, hurry: Hurry | undefined): Promise<void> {
  if (hurry === undefined) return work;
  const { promise, resolve } = Promise.withResolvers<void>();
  const cut = () => resolve();
  hurry.signal.addEventListener('abort', cut, { once: true });
  // Its failure is reported where it is waited for.
  work.catch(() => undefined);
  try {
    await (hurry.signal.aborted ? Promise.resolve() : Promise.race([work, promise]));
  } finally {
    hurry.signal.removeEventListener('abort', cut);
  }
}

/** Recorded with the container: its pod may be known no more. */
function preStopOf({ annotations }: ObservedContainer): LifecycleHandler | undefined {
  const text = annotations[annotation.preStop];
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text) as LifecycleHandler;
  } catch {
    return undefined;
  }
}

// oxlint-disable-next-line max-params -- where, whom, how, what
async function runPreStop(
  surroundings: PodSurroundings,
  container: ObservedContainer,
  { pod, graceSeconds }: Ending,
  handler: LifecycleHandler,
): Promise<void> {
  const { runtime, events } = surroundings;
  const what = containersOf(pod).find((one) => one.container.name === container.name);
  const address = pod.status?.podIP ?? '127.0.0.1';
  const known = what?.container ?? { name: container.name };
  const place = { runtime, container: known, containerId: container.id, address };
  const limitMs = graceSeconds * 1000;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  try {
    await Promise.race([runHook(place, handler, limitMs), promise]);
  } catch (error) {
    const message = `PreStopHook failed: ${messageOf(error)}`;
    const event = { reason: 'FailedPreStopHook', message };
    events.warn(pod, what === undefined ? event : { what, ...event });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Ends all running containers of a pod: the main ones together, then the sidecars, the last one
 * first.
 */
export async function endContainers(
  surroundings: PodSurroundings,
  observed: ObservedPod,
  { pod, graceSeconds, hurry }: Omit<Ending, 'message'>,
): Promise<void> {
  const begunMs = surroundings.clock.now();
  const running = observed.containers.filter(({ state }) => {
    return state === 'running' || state === 'unknown';
  });
  const end = (container: ObservedContainer, seconds: number) =>
    endContainer(surroundings, container, {
      pod,
      message: `Stopping container ${container.name}`,
      graceSeconds: seconds,
      ...(hurry !== undefined && { hurry }),
    });
  await together(
    running.filter((one) => !isSidecar(one)).map((container) => end(container, graceSeconds)),
  );
  const order = containersOf(pod).map(({ container }) => container.name);
  const sidecars = running
    .filter(isSidecar)
    .toSorted((a, b) => order.indexOf(b.name) - order.indexOf(a.name));
  for (const container of sidecars) {
    const spent = Math.floor((surroundings.clock.now() - begunMs) / 1000);
    await end(container, Math.max(graceSeconds - spent, Math.min(graceSeconds, leastGrace)));
  }
}

function isSidecar({ annotations }: ObservedContainer): boolean {
  return annotations[annotation.role] === 'sidecar';
}

/** All are tried, whichever fails; the first failure is told. */
async function together(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

import type { Pod } from '../../api/types/generated/core-v1.ts';
import {
  currentSandbox,
  newestOf,
  type ObservedContainer,
  type ObservedPod,
  type ObservedSandbox,
} from '../runtime/observed-pod.ts';
import { annotation } from '../runtime/record.ts';
import { nextDelay, restartAt } from './back-off.ts';
import { containersOf, hashOf, type PodContainer } from './pod-containers.ts';
import { hasEnded, isInitialized, restarts } from './progress.ts';

/** Why a running container must go although its pod stays. */
export interface Verdict {
  readonly message: string;
  /** Instead of the pod's. */
  readonly graceSeconds?: number;
}

/** What is to be done next is a function of this alone. */
export interface Situation {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly nowMs: number;
  /** Ids of containers whose startup probe has passed. */
  readonly started: ReadonlySet<string>;
  /** By id: those that failed a probe. */
  readonly condemned: ReadonlyMap<string, Verdict>;
  /** By container name: when an attempt that failed may be made again. */
  readonly heldUntilMs: ReadonlyMap<string, number>;
  /** Ids of sandboxes that have given back what they had: network, processes. */
  readonly released: ReadonlySet<string>;
}

export type Action =
  | { readonly do: 'releaseSandbox'; readonly sandbox: ObservedSandbox }
  | { readonly do: 'createSandbox'; readonly attempt: number }
  | { readonly do: 'removeSandbox'; readonly id: string }
  | { readonly do: 'kill'; readonly container: ObservedContainer; readonly verdict: Verdict }
  | { readonly do: 'start'; readonly what: PodContainer; readonly attempt: Attempt }
  | { readonly do: 'remove'; readonly container: ObservedContainer }
  /** Ends what still runs, sidecars last, and then the sandbox. */
  | { readonly do: 'endPod' };

export interface Attempt {
  readonly number: number;
  /** What the attempt after this one waits for. */
  readonly backOffSeconds: number;
  /** Left behind by a start that was interrupted: in the way of this one. */
  readonly leftover?: string;
}

export interface Plan {
  readonly actions: readonly Action[];
  /** When to look again although nothing happens. */
  readonly againAtMs: number | undefined;
}

/** What a pod that shall run needs next. Actions are to be done in their order. */
export function planPod(situation: Situation): Plan {
  const { pod, observed } = situation;
  if (hasEnded(pod, observed)) return { actions: planEnd(situation), againAtMs: undefined };
  const sandbox = currentSandbox(observed);
  if (sandbox === undefined) return { actions: planSandbox(situation), againAtMs: undefined };
  const steps = planContainers(situation, sandbox);
  const times = steps.flatMap((step) => (typeof step === 'number' ? [step] : []));
  return {
    actions: [...steps.filter((step) => typeof step !== 'number'), ...planRemovals(situation)],
    againAtMs: times.length === 0 ? undefined : Math.min(...times),
  };
}

function planEnd({ observed, released }: Situation): Action[] {
  const runs = observed.containers.some(({ state }) => state === 'running' || state === 'unknown');
  const holds = observed.sandboxes.some(({ id, ready }) => ready || !released.has(id));
  return runs || holds ? [{ do: 'endPod' }] : [];
}

/** Whatever lived in the old sandbox has lost its network; it ends before the new one begins. */
function planSandbox({ observed, released }: Situation): Action[] {
  const old = observed.sandboxes.filter(({ id }) => !released.has(id));
  const attempts = observed.sandboxes.map(({ attempt }) => attempt + 1);
  return [
    ...old.map((sandbox): Action => ({ do: 'releaseSandbox', sandbox })),
    { do: 'createSandbox', attempt: Math.max(0, ...attempts) },
  ];
}

/** An action, or the time at which one may come. */
type Step = Action | number;

function planContainers(situation: Situation, sandbox: ObservedSandbox): Step[] {
  const { pod, observed } = situation;
  const all = containersOf(pod);
  const initialized = isInitialized(pod, observed, sandbox.id);
  const steps: Step[] = [];
  for (const what of all) {
    if (what.role === 'main' || what.role === 'ephemeral') break;
    if (what.role === 'init' && initialized) continue;
    const newest = inSandbox(situation, what, sandbox);
    if (what.role === 'init' && newest?.state === 'exited' && newest.exitCode === 0) continue;
    steps.push(...keepRunning(situation, what, newest));
    if (initialized) continue;
    const ready = newest?.state === 'running' && situation.started.has(newest.id);
    if (what.role === 'init' || !ready) return steps;
  }
  for (const what of all) {
    if (what.role === 'main' || what.role === 'ephemeral') {
      steps.push(...keepRunning(situation, what, inSandbox(situation, what, sandbox)));
    }
  }
  return steps;
}

/** Instances of an earlier sandbox say how often it was tried, and whether it is done for good. */
function inSandbox(
  { pod, observed }: Situation,
  what: PodContainer,
  sandbox: ObservedSandbox,
): ObservedContainer | undefined {
  const newest = newestOf(observed, what.container.name);
  if (newest === undefined || newest.sandboxId === sandbox.id) return newest;
  const isDone = newest.state === 'exited' && !restarts(pod, what, newest);
  return isDone && what.role !== 'init' ? newest : undefined;
}

function keepRunning(
  situation: Situation,
  what: PodContainer,
  newest: ObservedContainer | undefined,
): Step[] {
  if (newest?.state === 'running') return replace(situation, what, newest);
  if (newest?.state === 'unknown') {
    const message = `Container ${newest.name} is in unknown state, try killing it before restart`;
    return [{ do: 'kill', container: newest, verdict: { message } }];
  }
  if (newest?.state === 'exited' && !restarts(situation.pod, what, newest)) return [];
  const times = [
    situation.heldUntilMs.get(what.container.name) ?? 0,
    newest?.state === 'exited' ? restartAt(newest) : 0,
  ];
  const atMs = Math.max(...times);
  if (atMs > situation.nowMs) return [atMs];
  return [{ do: 'start', what, attempt: attemptOf(situation.observed, what) }];
}

function replace({ condemned }: Situation, what: PodContainer, running: ObservedContainer): Step[] {
  const verdict = condemned.get(running.id);
  if (verdict !== undefined) return [{ do: 'kill', container: running, verdict }];
  if (what.role === 'ephemeral') return [];
  if (running.annotations[annotation.hash] === hashOf(what.container)) return [];
  const message = `Container ${running.name} definition changed, will be restarted`;
  return [{ do: 'kill', container: running, verdict: { message } }];
}

function attemptOf(observed: ObservedPod, { container }: PodContainer): Attempt {
  const newest = newestOf(observed, container.name);
  if (newest === undefined) return { number: 0, backOffSeconds: 0 };
  if (newest.state !== 'created') {
    return { number: newest.attempt + 1, backOffSeconds: nextDelay(newest) };
  }
  const before = observed.containers.filter(({ name }) => name === container.name).at(1);
  return { number: newest.attempt, backOffSeconds: nextDelay(before), leftover: newest.id };
}

/** Of each container the newest and the one before stay, for logs and status. */
function planRemovals({ observed, released }: Situation): Action[] {
  const seen = new Map<string, number>();
  const containers = observed.containers.filter(({ name, state }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count > 2 && state === 'exited';
  });
  const [, ...old] = observed.sandboxes;
  const empty = old.filter(({ id }) => {
    return released.has(id) && !observed.containers.some(({ sandboxId }) => sandboxId === id);
  });
  return [
    ...containers.map((container): Action => ({ do: 'remove', container })),
    ...empty.map(({ id }): Action => ({ do: 'removeSandbox', id })),
  ];
}

import { currentSandbox, type ObservedPod, type PodParts } from '../runtime/observed-pod.ts';
import { createSandbox } from './create-sandbox.ts';
import { endContainer, endContainers } from './end-container.ts';
import type { LivePod } from './live-pod.ts';
import type { Action } from './plan-pod.ts';
import { graceOf } from './pod-containers.ts';
import type { PodEnd } from './pod-end.ts';
import type { PodMemory } from './pod-memory.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { removeContainer } from './remove-container.ts';
import { startContainer } from './start-container.ts';

/** For whom an action is done, and what it goes by. */
export interface Place {
  readonly surroundings: PodSurroundings;
  readonly pod: LivePod;
  readonly observed: ObservedPod;
  readonly memory: PodMemory;
  readonly end: PodEnd;
}

/**
 * Does one action of a plan. What it made in the runtime, when it did nothing else there; undefined
 * when all of the pod is to be looked at anew.
 */
export async function perform(action: Action, place: Place): Promise<PodParts | undefined> {
  if (action.do === 'start') return await start(action, place);
  if (action.do === 'createSandbox') {
    const { surroundings, pod, end } = place;
    const request = { attempt: action.attempt, signal: end.signal };
    const id = await createSandbox(surroundings, pod, request);
    return { sandboxes: [id], containers: [] };
  }
  await change(action, place);
  return undefined;
}

type Change = Exclude<Action, { do: 'start' | 'createSandbox' }>;

async function change(action: Change, place: Place): Promise<void> {
  const { surroundings, pod, end } = place;
  switch (action.do) {
    case 'releaseSandbox': {
      const message = 'Pod sandbox changed, it will be killed and re-created.';
      surroundings.events.tell(pod, { reason: 'SandboxChanged', message });
      return releaseSandbox(place, action.sandbox.id);
    }
    case 'removeSandbox':
      return surroundings.runtime.removePod(action.id);
    case 'remove':
      return removeContainer(surroundings, pod, action.container);
    case 'kill': {
      const { message, graceSeconds = graceOf(pod) } = action.verdict;
      const ending = { pod, message, graceSeconds, hurry: end.hurry };
      return endContainer(surroundings, action.container, ending);
    }
    case 'endPod':
      return endAll(place, graceOf(pod));
  }
}

/** All containers, sidecars last, then the sandboxes. */
export async function endAll(place: Place, graceSeconds: number): Promise<void> {
  const { surroundings, observed, pod, end } = place;
  await endContainers(surroundings, observed, { pod, graceSeconds, hurry: end.hurry });
  for (const { id } of observed.sandboxes) await releaseSandbox(place, id);
}

async function releaseSandbox({ surroundings, memory }: Place, id: string): Promise<void> {
  await surroundings.runtime.stopPod(id);
  memory.released.add(id);
}

async function start(
  { what, attempt }: Extract<Action, { do: 'start' }>,
  { surroundings, pod, observed, memory, end }: Place,
): Promise<PodParts | undefined> {
  const sandbox = currentSandbox(observed);
  if (sandbox === undefined) return undefined;
  const { signal } = end;
  const { failures = 0 } = memory.refusals.get(what.container.name) ?? {};
  const request = { pod, what, attempt, sandbox, observed, signal, failures };
  const { id, refusal } = await startContainer(surroundings, request);
  if (refusal === undefined) memory.refusals.delete(what.container.name);
  else memory.refusals.set(what.container.name, refusal);
  if (id === undefined) return undefined;
  return { sandboxes: [], containers: [{ id, sandboxId: sandbox.id }] };
}

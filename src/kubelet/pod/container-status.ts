import { writeTime } from '../../api/time.ts';
import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
} from '../../api/types/generated/core-v1.ts';
import {
  currentSandbox,
  newestOf,
  type ObservedContainer,
  type ObservedPod,
} from '../runtime/observed-pod.ts';
import { delayOf, restartAt } from './back-off.ts';
import { describePod, type PodContainer } from './pod-containers.ts';
import { isInitialized, restarts } from './progress.ts';

/** Why the last attempt to start a container did not come to a container. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/** What is known of a pod's containers besides what the runtime tells. */
export interface ContainerKnowledge {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly nowMs: number;
  /** Ids whose startup probe, or lack of one, lets them count as started. */
  readonly started: ReadonlySet<string>;
  /** Ids whose readiness probe, or lack of one, lets them count as ready. */
  readonly ready: ReadonlySet<string>;
  /** By name. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** Last words by container id. */
  readonly messages: ReadonlyMap<string, string>;
  /** `containerd`, `keelson`: how ids are written. */
  readonly runtimeName: string;
  /** The pod runs no more, whatever its policy says. */
  readonly ending: boolean;
  /** As the server last had them: a container that is removed is not forgotten. */
  readonly before: readonly ContainerStatus[];
}

export function containerStatus(known: ContainerKnowledge, what: PodContainer): ContainerStatus {
  const { name, image = '' } = what.container;
  const newest = newestOf(known.observed, name);
  const before = known.before.find((status) => status.name === name);
  if (newest === undefined) return neverMade(known, what, before);
  const previous = known.observed.containers.filter((one) => one.name === name).at(1);
  const running = newest.state === 'running';
  const started = running && known.started.has(newest.id);
  const waits = waitingOf(known, what, newest);
  const last = waits !== undefined && newest.state === 'exited' ? newest : previous;
  const lastState = last === undefined ? undefined : terminated(known, last);
  const isDoneInit = what.role === 'init' && newest.state === 'exited' && newest.exitCode === 0;
  return {
    name,
    state: waits === undefined ? stateOf(known, newest) : { waiting: waits },
    lastState: lastState ?? before?.lastState ?? {},
    ready: isDoneInit || (started && known.ready.has(newest.id)),
    restartCount: newest.attempt,
    image: newest.image === '' ? image : newest.image,
    imageID: newest.imageId,
    containerID: idOf(known, newest),
    started,
    ...resourcesOf(what.container),
    ...mountsOf(what.container),
    ...(newest.user !== undefined && { user: { linux: newest.user } }),
  };
}

/** What it was given is what it asks for: nothing is changed while it runs. */
function resourcesOf({ resources = {} }: Container): Partial<ContainerStatus> {
  const { requests } = resources;
  return { resources, ...(requests !== undefined && { allocatedResources: requests }) };
}

function mountsOf({ volumeMounts = [] }: Container): Partial<ContainerStatus> {
  if (volumeMounts.length === 0) return {};
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, readOnly, recursiveReadOnly }) => ({
      name,
      mountPath,
      ...(readOnly === true && { readOnly, recursiveReadOnly: recursiveReadOnly ?? 'Disabled' }),
    })),
  };
}

function neverMade(
  known: ContainerKnowledge,
  what: PodContainer,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const { name, image = '' } = what.container;
  // Whoever removed the container did not undo what it did.
  if (known.ending && before?.state?.terminated !== undefined) return before;
  const wasMade = before?.containerID !== undefined && before.containerID !== '';
  const state =
    known.ending && wasMade
      ? { terminated: lostContainer }
      : { waiting: failureOf(known, name) ?? waitingFor(known, what) };
  return {
    name,
    state,
    lastState: before?.lastState ?? {},
    ready: false,
    restartCount: before?.restartCount ?? 0,
    image,
    imageID: wasMade ? before.imageID : '',
    ...(wasMade && { containerID: before.containerID }),
    started: false,
    ...mountsOf(what.container),
  };
}

/** What is held of it besides, such as the time of the next attempt, is nobody else's business. */
function failureOf(
  { failures }: ContainerKnowledge,
  name: string,
): { readonly reason: string; readonly message?: string } | undefined {
  const failure = failures.get(name);
  if (failure === undefined) return undefined;
  const { reason, message } = failure;
  return { reason, ...(message !== '' && { message }) };
}

const lostContainer = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
} as const;

function waitingFor({ pod, observed }: ContainerKnowledge, what: PodContainer): { reason: string } {
  const waitsForInit = (pod.spec.initContainers ?? []).length > 0;
  const sandbox = currentSandbox(observed);
  const initialized = sandbox !== undefined && isInitialized(pod, observed, sandbox.id);
  if (what.role === 'main' && waitsForInit && !initialized) return { reason: 'PodInitializing' };
  if (what.role === 'init' || what.role === 'sidecar') return { reason: 'PodInitializing' };
  return { reason: 'ContainerCreating' };
}

/** Undefined when the container runs, or has ended for good. */
function waitingOf(
  known: ContainerKnowledge,
  what: PodContainer,
  newest: ObservedContainer,
): { readonly reason: string; readonly message?: string } | undefined {
  if (newest.state === 'running' || newest.state === 'unknown') return undefined;
  if (newest.state === 'created') {
    return failureOf(known, newest.name) ?? waitingFor(known, what);
  }
  if (known.ending || !restarts(known.pod, what, newest)) return undefined;
  const failure = failureOf(known, newest.name);
  if (failure !== undefined) return failure;
  if (restartAt(newest) <= known.nowMs) return undefined;
  const container = `container=${newest.name} pod=${describePod(known.pod)}`;
  const delay = durationText(delayOf(newest));
  return {
    reason: 'CrashLoopBackOff',
    message: `back-off ${delay} restarting failed ${container}`,
  };
}

/** `1m20s`, as durations are written. */
function durationText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

function stateOf(known: ContainerKnowledge, container: ObservedContainer): ContainerState {
  if (container.state !== 'running') return terminated(known, container);
  return { running: { startedAt: timeOf(container.startedAtMs) } };
}

function terminated(known: ContainerKnowledge, container: ObservedContainer): ContainerState {
  const { exitCode, reason, id } = container;
  const isKnown = container.state === 'exited';
  const message = known.messages.get(id) ?? container.message;
  return {
    terminated: {
      exitCode: isKnown ? exitCode : 137,
      reason: isKnown ? reasonOf(reason, exitCode) : 'ContainerStatusUnknown',
      ...(message !== '' && { message }),
      ...(container.startedAtMs > 0 && { startedAt: timeOf(container.startedAtMs) }),
      ...(container.finishedAtMs > 0 && { finishedAt: timeOf(container.finishedAtMs) }),
      containerID: idOf(known, container),
    },
  };
}

function reasonOf(reason: string, exitCode: number): string {
  if (reason !== '') return reason;
  return exitCode === 0 ? 'Completed' : 'Error';
}

function idOf({ runtimeName }: ContainerKnowledge, { id }: ObservedContainer): string {
  return `${runtimeName}://${id}`;
}

function timeOf(ms: number): string {
  return writeTime(Math.floor(ms / 1000));
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDomainError, messageOf } from '../../base/error.ts';
import { fault } from '../../base/fault.ts';
import { ContainerState } from '../../cri/generated/runtime.ts';
import { runHook } from '../probe/run-probe.ts';
import type { ObservedPod, ObservedSandbox } from '../runtime/observed-pod.ts';
import { newestOf } from '../runtime/observed-pod.ts';
import { containerConfig } from './container-config.ts';
import type { Failure } from './container-status.ts';
import { type Ensured, ensureImages } from './ensure-images.ts';
import { environmentOf } from './environment.ts';
import { hostsFile } from './hosts-file.ts';
import type { Attempt } from './plan-pod.ts';
import type { PodContainer } from './pod-containers.ts';
import { linkLog, makeMessageFile, writeHosts } from './pod-files.ts';
import type { LivePod } from './live-pod.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { logFolderOf, sandboxConfig } from './sandbox-config.ts';
import { namespacesOf } from './security-context.ts';
import { serviceVariables } from './service-variables.ts';

export interface StartRequest {
  readonly pod: LivePod;
  readonly what: PodContainer;
  readonly attempt: Attempt;
  readonly sandbox: ObservedSandbox;
  readonly observed: ObservedPod;
  /** Attempts before this one that came to nothing. */
  readonly failures: number;
  /** Aborted when the pod is to end: nothing more is begun, and hooks are not waited for. */
  readonly signal: AbortSignal;
}

export interface Refusal extends Failure {
  readonly retryAtMs: number;
  /** How often in a row. */
  readonly failures?: number;
  /** Began to run and must not: its postStart hook failed. */
  readonly condemned?: string;
}

const firstRetryMs = 1000;
const longestRetryMs = 10_000;

export interface StartOutcome {
  /** Of the container, when it is all that is new in the pod. */
  readonly id?: string;
  /** Why it does not run, or must not. */
  readonly refusal?: Refusal;
}

/** Pulls, creates, starts. Each failure is told as an event. */
export async function startContainer(
  surroundings: PodSurroundings,
  request: StartRequest,
): Promise<StartOutcome> {
  const { events, clock } = surroundings;
  const { pod, what, signal, attempt } = request;
  const refuse = (reason: string, error: unknown): StartOutcome => {
    const message = messageOf(error);
    events.warn(pod, { what, reason: 'Failed', message: `Error: ${message}` });
    const failures = request.failures + 1;
    const pauseMs = Math.min(firstRetryMs * 2 ** request.failures, longestRetryMs);
    return { refusal: { reason, message, retryAtMs: clock.now() + pauseMs, failures } };
  };
  const { leftover } = attempt;
  if (leftover !== undefined && !(await removeUnstarted(surroundings, leftover))) return {};
  const ensured = await unlessAborted(ensureImages(surroundings, request), signal);
  if (ensured?.failure !== undefined) {
    const { failure, retryAtMs } = ensured;
    events.warn(pod, { what, reason: 'Failed', message: `Error: ${failure.reason}` });
    return { refusal: { ...failure, retryAtMs } };
  }
  if (ensured === undefined || signal.aborted) {
    return { refusal: { reason: 'ContainerCreating', message: '', retryAtMs: 0 } };
  }
  let config: Awaited<ReturnType<typeof configOf>>;
  try {
    config = await configOf(surroundings, request, ensured);
  } catch (error) {
    return refuse('CreateContainerConfigError', error);
  }
  let id: string;
  try {
    fault('kubelet.container.creating');
    id = await surroundings.runtime.createContainer(config);
    fault('kubelet.container.created');
  } catch (error) {
    return refuse('CreateContainerError', error);
  }
  const { name } = what.container;
  events.tell(pod, { what, reason: 'Created', message: `Created container: ${name}` });
  try {
    await surroundings.runtime.startContainer(id);
    fault('kubelet.container.started');
  } catch (error) {
    // The answer alone may have been lost: what runs is to have its hook.
    if (!(await runs(surroundings, id))) return refuse('RunContainerError', error);
  }
  events.tell(pod, { what, reason: 'Started', message: `Started container ${name}` });
  link(surroundings, request, id);
  const refusal = await postStart(surroundings, request, id);
  return { ...(attempt.leftover === undefined && { id }), ...(refusal && { refusal }) };
}

/**
 * False for what runs by now: a start whose answer did not come in time may have come to pass
 * since, and its program is not to run twice.
 */
async function removeUnstarted({ runtime }: PodSurroundings, id: string): Promise<boolean> {
  try {
    const { state } = await runtime.containerStatus(id);
    if (state !== ContainerState.CONTAINER_CREATED) return false;
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
  await runtime.removeContainer(id);
  return true;
}

async function runs({ runtime }: PodSurroundings, id: string): Promise<boolean> {
  const answer = runtime.containerStatus(id);
  const state = await answer.then((status) => status.state).catch(() => undefined);
  return state === ContainerState.CONTAINER_RUNNING;
}

/** Undefined when the pod is to end: a registry that never answers must not keep it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cut = () => resolve(undefined);
  signal.addEventListener('abort', cut, { once: true });
  try {
    if (signal.aborted) cut();
    return await Promise.race([promise, work]);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

async function configOf(
  { volumes, settings, cgroups, users, ...surroundings }: PodSurroundings,
  { pod, what, attempt, sandbox, observed }: StartRequest,
  { image, volumes: images }: Ensured,
) {
  const { container } = what;
  const own = withAddresses(pod, sandbox, surroundings.node.addresses);
  const links = pod.spec.enableServiceLinks !== false;
  const { objects } = surroundings;
  const { variables, skipped } = await environmentOf(own, container, {
    configMap: (namespace, name) => objects.configMap(namespace, name),
    secret: (namespace, name) => objects.secret(namespace, name),
    services: serviceVariables(surroundings.services(), pod.metadata.namespace ?? '', links),
    allocatable: surroundings.node.allocatable(),
  });
  for (const message of skipped) {
    surroundings.events.warn(pod, { what, reason: 'InvalidEnvironmentVariableNames', message });
  }
  const mounts = await volumes.mountsOf(own, container, variables);
  const hosts = hostsFile(own, sandbox.addresses, settings.clusterDomain);
  const target = newestOf(observed, what.target ?? '');
  const { number } = attempt;
  const logs = join(logFolderOf(pod, settings.logFolder), container.name);
  mkdirSync(logs, { recursive: true, mode: 0o755 });
  const hostsPath = writeHosts(settings.root, pod, hosts);
  const place = { name: container.name, attempt: number };
  const messageFile = makeMessageFile(settings.root, pod, place);
  const targetId = target?.state === 'running' ? target.id : '';
  const config = containerConfig(
    {
      pod,
      what,
      attempt,
      imageReference: image.id,
      image,
      variables,
      mounts,
      images,
      hostsFile: hostsPath,
      messageFile,
      namespaces: namespacesOf(pod, targetId, users.of(pod)),
      bounds: surroundings.bounds,
    },
    settings,
  );
  const of = { attempt: sandbox.attempt, cgroup: cgroups.parentOf(pod), users: users.of(pod) };
  const sandbox_config = sandboxConfig(pod, of, settings);
  return { pod_sandbox_id: sandbox.id, config, sandbox_config };
}

/** The pod as its containers are told of it: with the addresses it has by now. */
export function withAddresses(
  pod: LivePod,
  sandbox: ObservedSandbox,
  host: readonly string[],
): LivePod {
  const own = pod.spec.hostNetwork === true ? host : sandbox.addresses;
  const [podIP] = own;
  const [hostIP] = host;
  return {
    ...pod,
    status: {
      ...pod.status,
      podIP,
      podIPs: own.map((ip) => ({ ip })),
      hostIP,
      hostIPs: host.map((ip) => ({ ip })),
    },
  };
}

function link(
  { settings, log }: PodSurroundings,
  { pod, what, attempt }: StartRequest,
  id: string,
): void {
  if (settings.logLinks === '') return;
  const container = what.container.name;
  const logPath = `${logFolderOf(pod, settings.logFolder)}/${container}/${attempt.number}.log`;
  try {
    linkLog({ folder: settings.logLinks, pod, container, id, logPath });
  } catch (error) {
    log.warn(`link to the log of ${container}: ${messageOf(error)}`);
  }
}

/** The container counts as started only after its hook; one whose hook fails is ended for it. */
async function postStart(
  { runtime, clock, events }: PodSurroundings,
  { pod, what, sandbox, signal }: StartRequest,
  containerId: string,
): Promise<Refusal | undefined> {
  const handler = what.container.lifecycle?.postStart;
  if (handler === undefined) return undefined;
  const address = sandbox.addresses[0] ?? pod.status?.hostIP ?? '127.0.0.1';
  const { promise, resolve } = Promise.withResolvers<void>();
  const cut = () => resolve();
  signal.addEventListener('abort', cut, { once: true });
  try {
    const place = { runtime, container: what.container, containerId, address };
    await Promise.race([runHook(place, handler, longestHookMs), promise]);
    return undefined;
  } catch (error) {
    const message = `PostStartHook failed: ${messageOf(error)}`;
    events.warn(pod, { what, reason: 'FailedPostStartHook', message });
    const told = isDomainError(error) ? messageOf(error) : message;
    const retryAtMs = clock.now();
    return { reason: 'PostStartHookError', message: told, retryAtMs, condemned: containerId };
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** Hooks know no limit of their own. */
const longestHookMs = 24 * 3600 * 1000;

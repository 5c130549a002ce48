import { isDomainError } from '../../base/error.ts';
import type * as cri from '../../cri/generated/runtime.ts';
import { PodSandboxState } from '../../cri/generated/runtime.ts';
import type { ContainerRuntime } from './container-runtime.ts';
import { annotation, label } from './record.ts';

export interface ObservedSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  /** Empty on the node's own network. */
  readonly addresses: readonly string[];
  /** Given by whoever made it: what belongs to a pod nobody wants any more. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementalGroups?: readonly number[];
}

export interface ObservedContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  /** How many there were of this name before. */
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly image: string;
  readonly imageId: string;
  readonly logPath: string;
  /** Where on the host the container wrote its last words; empty for nowhere. */
  readonly messageFile: string;
  /** Who its first process was begun as; absent where the runtime does not tell. */
  readonly user?: ContainerUser;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What the runtime has of one pod; sandboxes and containers newest first. */
export interface ObservedPod {
  readonly uid: string;
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
}

/** What is in a pod, by the ids that the runtime gave; of a container, also its sandbox's. */
export interface PodParts {
  readonly sandboxes: readonly string[];
  readonly containers: readonly { readonly id: string; readonly sandboxId: string }[];
}

/** Asks the runtime for one pod. What `known` has as ended does not change any more. */
export async function observePod(
  runtime: ContainerRuntime,
  uid: string,
  known: ObservedPod | undefined,
): Promise<ObservedPod> {
  const label_selector = { [label.podUid]: uid };
  const [pods, containers] = await Promise.all([
    runtime.listPods({ label_selector }),
    runtime.listContainers({ label_selector }),
  ]);
  const parts = {
    sandboxes: pods.map(({ id }) => id),
    containers: containers.map(({ id, pod_sandbox_id: sandboxId }) => ({ id, sandboxId })),
  };
  return await askAll(runtime, parts, known ?? { uid, sandboxes: [], containers: [] });
}

/**
 * The same, when nothing has happened in the pod but what the caller did: only what was made is
 * asked for, and of that only what an event of the runtime has not told already.
 */
export async function observeParts(
  runtime: ContainerRuntime,
  known: ObservedPod,
  { made, told }: { readonly made: PodParts; readonly told: PodNews | undefined },
): Promise<ObservedPod> {
  const { sandboxes, containers } = toldOf(made, told);
  const isTold = new Set([...sandboxes, ...containers].map(({ id }) => id));
  const rest: PodParts = {
    sandboxes: made.sandboxes.filter((id) => !isTold.has(id)),
    containers: made.containers.filter(({ id }) => !isTold.has(id)),
  };
  const found = await askAll(runtime, rest, { uid: known.uid, sandboxes: [], containers: [] });
  return {
    uid: known.uid,
    sandboxes: newestFirst([...known.sandboxes, ...sandboxes, ...found.sandboxes]),
    containers: newestFirst([...known.containers, ...containers, ...found.containers]),
  };
}

/** What an event says of the whole pod that it is about. */
export type PodNews = Pick<
  cri.ContainerEventResponse,
  'pod_sandbox_status' | 'containers_statuses'
>;

/** A sandbox that works and has its network, containers that run: what else there is may be old. */
function toldOf(
  { sandboxes, containers }: PodParts,
  told: PodNews | undefined,
): Pick<ObservedPod, 'sandboxes' | 'containers'> {
  const { pod_sandbox_status: pod, containers_statuses: statuses = [] } = told ?? {};
  const sandbox = pod && sandboxes.includes(pod.id) ? sandboxOf(pod) : undefined;
  return {
    sandboxes: sandbox?.ready === true && sandbox.addresses.length > 0 ? [sandbox] : [],
    containers: containers
      .flatMap(({ id, sandboxId }) => {
        const status = statuses.find((one) => one.id === id);
        return status === undefined ? [] : [containerOf(status, sandboxId)];
      })
      .filter(({ state }) => state === 'running'),
  };
}

async function askAll(
  runtime: ContainerRuntime,
  { sandboxes: pods, containers }: PodParts,
  known: ObservedPod,
): Promise<ObservedPod> {
  const ended = new Map(
    known.containers.filter(({ state }) => state === 'exited').map((one) => [one.id, one]),
  );
  const [sandboxes, statuses] = await Promise.all([
    Promise.all(pods.map((id) => unlessGone(runtime.podStatus(id)))),
    Promise.all(
      containers.map(async ({ id, sandboxId }) => {
        const last = ended.get(id);
        if (last !== undefined) return last;
        const status = await unlessGone(runtime.containerStatus(id));
        return status && containerOf(status, sandboxId);
      }),
    ),
  ]);
  return {
    uid: known.uid,
    sandboxes: newestFirst(sandboxes.flatMap((status) => (status ? [sandboxOf(status)] : []))),
    containers: newestFirst(statuses.filter((status) => status !== undefined)),
  };
}

/** Between a list and the question about one of its entries that one may be removed. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isDomainError(error, 'notFound')) return undefined;
    throw error;
  }
}

function newestFirst<T extends { attempt: number; createdAtMs: number }>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.attempt - a.attempt);
}

export function sandboxOf(status: cri.PodSandboxStatus): ObservedSandbox {
  const { network } = status;
  const addresses = [network?.ip ?? '', ...(network?.additional_ips ?? []).map(({ ip }) => ip)];
  return {
    id: status.id,
    attempt: status.metadata?.attempt ?? 0,
    ready: status.state === PodSandboxState.SANDBOX_READY,
    createdAtMs: status.created_at / 1e6,
    addresses: addresses.filter((address) => address !== ''),
    annotations: status.annotations,
  };
}

const states: readonly ObservedContainer['state'][] = ['created', 'running', 'exited'];

export function containerOf(status: cri.ContainerStatus, sandboxId: string): ObservedContainer {
  const { annotations, labels } = status;
  const messagePath = annotations[annotation.messagePath];
  const mount = status.mounts.find(({ container_path: path }) => path === messagePath);
  return {
    id: status.id,
    sandboxId,
    name: labels[label.containerName] ?? status.metadata?.name ?? '',
    attempt: Number(annotations[annotation.restartCount] ?? status.metadata?.attempt ?? 0),
    state: states[status.state] ?? 'unknown',
    createdAtMs: status.created_at / 1e6,
    startedAtMs: status.started_at / 1e6,
    finishedAtMs: status.finished_at / 1e6,
    exitCode: status.exit_code,
    reason: status.reason,
    message: status.message,
    image: status.image?.user_specified_image || (status.image?.image ?? ''),
    imageId: status.image_ref,
    logPath: status.log_path,
    messageFile: mount?.host_path ?? '',
    ...userOf(status),
    annotations,
  };
}

function userOf({ user }: cri.ContainerStatus): { readonly user?: ContainerUser } {
  if (user?.linux === undefined) return {};
  const { uid, gid, supplemental_groups: supplementalGroups } = user.linux;
  const groups = supplementalGroups.length > 0 ? { supplementalGroups } : {};
  return { user: { uid, gid, ...groups } };
}

/** The newest of a name; undefined when there was none. */
export function newestOf(observed: ObservedPod, name: string): ObservedContainer | undefined {
  return observed.containers.find((container) => container.name === name);
}

/** The sandbox that containers run in; undefined when the newest one does not work. */
export function currentSandbox({ sandboxes }: ObservedPod): ObservedSandbox | undefined {
  const [newest] = sandboxes;
  return newest?.ready === true ? newest : undefined;
}

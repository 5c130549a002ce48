import { DomainError, isDomainError } from '../../base/error.ts';
import type { ContainerState as EngineState } from '../../container/container-engine.ts';
import { encode, Encoded } from '../../grpc/codec.ts';
import {
  removeContainer,
  startContainer,
  statusOfContainer,
  stopContainer,
} from './container-life.ts';
import type { ContainerRestoration } from '../checkpoint/container-restoration.ts';
import { configOf, type ContainerRecord, podConfigOf } from './container-record.ts';
import { createContainer } from './create-container.ts';
import {
  Container,
  type ContainerFilter,
  ContainerState,
  type ContainerStatus,
  type CreateContainerRequest,
  type LinuxContainerResources,
  ListContainersResponse,
  type RuntimeService,
} from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import { documents } from '../info.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { planResources } from '../plan/plan-resources.ts';
import { matchesLabels, nanoseconds } from '../selection.ts';
import { signalToCri } from '../plan/stop-signal.ts';
import { WholeList } from '../whole-list.ts';

/** The CRI's container calls, but for processes in them and statistics. */
export function containerHandlers(node: Node): Handlers<typeof RuntimeService> {
  const all = allContainers(node);
  return {
    CreateContainer: async (request) => ({ container_id: await createFromConfig(node, request) }),
    StartContainer: async ({ container_id }) => {
      await startContainer(node, node.containers.find(container_id));
      return {};
    },
    StopContainer: async ({ container_id, timeout }) => {
      const record = findContainer(node, container_id);
      const timeoutMs = Math.max(0, timeout) * 1000;
      if (record !== undefined) await stopContainer(node, record, { timeoutMs });
      return {};
    },
    RemoveContainer: async ({ container_id }) => {
      const record = findContainer(node, container_id);
      if (record !== undefined) {
        await removeContainer(node, record, { volumes: true });
      }
      return {};
    },
    ListContainers: async ({ filter }) =>
      isEmptyFilter(filter) ? all() : { containers: listContainers(node, filter) },
    StreamContainers: async function* ({ filter }) {
      for (const container of listContainers(node, filter)) yield { containers: [container] };
    },
    ContainerStatus: async ({ container_id, verbose }) => {
      const record = node.containers.find(container_id);
      return {
        status: containerStatusMessage(node, record),
        info: verbose ? containerInfo(node, record) : {},
      };
    },
    UpdateContainerResources: async ({ container_id, linux }) => {
      const { id } = node.containers.find(container_id);
      await updateResources(node, id, linux);
      return {};
    },
    ReopenContainerLog: async ({ container_id }) => {
      await node.engine.reopenLog(node.containers.find(container_id).id);
      return {};
    },
  };
}

/** `restoration`: its processes come from a checkpoint. */
export async function createFromConfig(
  node: Node,
  request: Pick<CreateContainerRequest, 'config' | 'pod_sandbox_id'>,
  restoration?: ContainerRestoration,
): Promise<string> {
  const { config, pod_sandbox_id } = request;
  if (config?.metadata === undefined || config.image === undefined) {
    throw new DomainError('invalid', 'A container needs a config with metadata and an image');
  }
  const pod = node.pods.find(pod_sandbox_id);
  const podConfig = podConfigOf(pod);
  const image = node.images.find(config.image.image);
  if (image === undefined) {
    throw new DomainError('notFound', `No such image: ${config.image.image}; pull it first`);
  }
  const { name, attempt } = config.metadata;
  const { log_directory } = podConfig;
  const { id } = await createContainer(node, {
    owner: 'cri',
    name: `${name}_${pod.name}_${attempt}`,
    podId: pod.id,
    image,
    imageName: config.image.image,
    config,
    ...(restoration && { restoration }),
    logPath: () =>
      config.log_path === '' || log_directory === '' ? '' : `${log_directory}/${config.log_path}`,
  });
  return id;
}

/** Undefined when there is none, so that stop and remove can be repeated. */
function findContainer(node: Node, id: string): ContainerRecord | undefined {
  try {
    return node.containers.find(id);
  } catch (error) {
    if (isDomainError(error, 'notFound')) return undefined;
    throw error;
  }
}

/** Changes the limits at once and in the record, which the status shows. */
export async function updateResources(
  node: Node,
  id: string,
  linux: LinuxContainerResources | undefined,
): Promise<void> {
  if (linux === undefined) throw new DomainError('invalid', 'No resources to update');
  await node.engine.update(id, planResources(linux));
}

const stateOfEngine: Record<EngineState, number> = {
  created: ContainerState.CONTAINER_CREATED,
  running: ContainerState.CONTAINER_RUNNING,
  paused: ContainerState.CONTAINER_RUNNING,
  exited: ContainerState.CONTAINER_EXITED,
  unknown: ContainerState.CONTAINER_UNKNOWN,
};

export function containerStatusMessage(
  node: Node,
  record: ContainerRecord,
): Draft<ContainerStatus> {
  const config = configOf(record);
  const status = statusOfContainer(node, record);
  const { uid, gid, additionalGids } = record.user;
  return {
    id: record.id,
    metadata: config.metadata,
    state: stateOfEngine[status.state],
    created_at: nanoseconds(status.createdAtMs),
    started_at: nanoseconds(status.startedAtMs),
    finished_at: nanoseconds(status.finishedAtMs),
    exit_code: status.exitCode,
    ...shownImage(node, record),
    image_id: record.imageId,
    reason: status.reason,
    message: status.message,
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts,
    log_path: record.logPath,
    resources: { linux: resourcesMessage(node, record) },
    user: {
      linux: { uid, gid, supplemental_groups: [gid, ...additionalGids.filter((id) => id !== gid)] },
    },
    stop_signal: signalToCri(record.stopSignal),
  };
}

/**
 * A kubelet names images by their ids; the pod's status has them as its author wrote them, and by
 * the digest that the registry knows, where one does.
 */
function shownImage(
  node: Node,
  record: ContainerRecord,
): Pick<Draft<ContainerStatus>, 'image' | 'image_ref'> {
  const { image } = configOf(record);
  const { repoTags = [], repoDigests = [] } = node.images.find(record.imageId) ?? {};
  const asked = image?.image ?? '';
  const tag = asked === record.imageId ? repoTags[0] : undefined;
  const name = image?.user_specified_image || (tag ?? asked);
  return { image: { ...image, image: name }, image_ref: repoDigests[0] ?? record.imageId };
}

/** The limits as the engine has them now, updates included. */
function resourcesMessage(node: Node, record: ContainerRecord): Draft<LinuxContainerResources> {
  const asked = configOf(record).linux?.resources;
  const resources = specOf(node, record)?.linux?.resources;
  if (resources === undefined) return asked ?? {};
  return {
    cpu_period: resources.cpu?.period,
    cpu_quota: resources.cpu?.quota,
    cpu_shares: resources.cpu?.shares,
    cpuset_cpus: resources.cpu?.cpus,
    cpuset_mems: resources.cpu?.mems,
    memory_limit_in_bytes: resources.memory?.limit,
    memory_swap_limit_in_bytes: resources.memory?.swap,
    oom_score_adj: asked?.oom_score_adj,
    hugepage_limits: resources.hugepageLimits?.map(({ pageSize, limit }) => ({
      page_size: pageSize,
      limit,
    })),
    unified: resources.unified,
  };
}

export function specOf(
  node: Node,
  record: ContainerRecord,
): ReturnType<Node['engine']['spec']> | undefined {
  try {
    return node.engine.spec(record.id);
  } catch (error) {
    if (isDomainError(error, 'notFound')) return undefined;
    throw error;
  }
}

function containerInfo(node: Node, record: ContainerRecord): Record<string, string> {
  const { pid, notEnforced } = statusOfContainer(node, record);
  return documents({
    sandboxID: record.podId,
    pid,
    config: configOf(record),
    runtimeSpec: specOf(node, record),
    notEnforced,
  });
}

/** Gives the list without a filter. */
function allContainers(node: Node): () => Draft<ListContainersResponse> {
  const stateOf = (record: ContainerRecord): number => stateOfContainer(node, record);
  const all = new WholeList<ContainerRecord>((records) =>
    encode(ListContainersResponse, { containers: records.map((record) => listItem(node, record)) }),
  );
  return () => Encoded.as(ListContainersResponse, all.answer(ofKubelets(node), stateOf));
}

function ofKubelets(node: Node): ContainerRecord[] {
  return node.containers.list().filter(({ owner }) => owner === 'cri');
}

function stateOfContainer(node: Node, record: ContainerRecord): number {
  return stateOfEngine[statusOfContainer(node, record).state];
}

function isEmptyFilter(filter: ContainerFilter | undefined): boolean {
  if (filter === undefined) return true;
  const { id, pod_sandbox_id, state, label_selector } = filter;
  const noLabels = Object.keys(label_selector).length === 0;
  return id === '' && pod_sandbox_id === '' && state === undefined && noLabels;
}

function listContainers(node: Node, filter: ContainerFilter | undefined): Draft<Container>[] {
  const items: Draft<Container>[] = [];
  for (const record of ofKubelets(node)) {
    if (!record.id.startsWith(filter?.id ?? '')) continue;
    if (!record.podId.startsWith(filter?.pod_sandbox_id ?? '')) continue;
    const state = stateOfContainer(node, record);
    if (filter?.state !== undefined && filter.state.state !== state) continue;
    if (!matchesLabels(configOf(record).labels, filter?.label_selector)) continue;
    items.push(listItem(node, record));
  }
  return items;
}

/** Encoded once for each state, whatever the list. */
const listItems = new WeakMap<ContainerRecord, { state: number; item: Draft<Container> }>();

function listItem(node: Node, record: ContainerRecord): Draft<Container> {
  const { state: word, createdAtMs } = statusOfContainer(node, record);
  const state = stateOfEngine[word];
  const known = listItems.get(record);
  if (known?.state === state) return known.item;
  const { metadata, image, labels, annotations } = configOf(record);
  const item = Encoded.of(Container, {
    id: record.id,
    pod_sandbox_id: record.podId,
    metadata,
    image: image ?? {},
    image_ref: record.imageId,
    image_id: record.imageId,
    state,
    created_at: nanoseconds(createdAtMs),
    labels,
    annotations,
  });
  listItems.set(record, { state, item });
  return item;
}

import { DomainError, isDomainError } from '../../base/error.ts';
import { containersOf, removePod, stopPod } from './pod-life.ts';
import { decode, encode, Encoded } from '../../grpc/codec.ts';
import { type PodRecord, podConfigOf, textOfPodConfig } from '../container/container-record.ts';
import { containerStatusMessage } from '../container/cri-containers.ts';
import {
  LinuxPodSandboxConfig,
  ListPodSandboxResponse,
  type PodSandboxConfig,
  type PodSandboxFilter,
  type PodSandboxNetworkStatus,
  PodSandboxState,
  type PodSandboxStatus,
  PodSandbox,
  type RuntimeService,
} from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import { documents } from '../info.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { networkOf, runPod } from './run-pod.ts';
import { sandboxOf } from './sandbox-of.ts';
import { matchesLabels, nanoseconds } from '../selection.ts';
import { WholeList } from '../whole-list.ts';

/** The CRI's pod calls. */
export function podHandlers(node: Node): Handlers<typeof RuntimeService> {
  const all = allPods(node);
  return {
    RunPodSandbox: async ({ config, runtime_handler }, { signal }) => {
      if (config?.metadata === undefined) {
        throw new DomainError('invalid', 'A pod needs a config with metadata');
      }
      const request = {
        owner: 'cri',
        name: podName(config),
        config,
        runtimeHandler: runtime_handler,
        network: networkOf(config),
      } as const;
      const { id } = await runPod(node, request, signal);
      return { pod_sandbox_id: id };
    },
    StopPodSandbox: async ({ pod_sandbox_id }) => {
      const pod = findPod(node, pod_sandbox_id);
      if (pod !== undefined) await stopPod(node, pod);
      return {};
    },
    RemovePodSandbox: async ({ pod_sandbox_id }) => {
      const pod = findPod(node, pod_sandbox_id);
      if (pod !== undefined) await removePod(node, pod);
      return {};
    },
    PodSandboxStatus: async ({ pod_sandbox_id, verbose }) => {
      const pod = node.pods.find(pod_sandbox_id);
      return {
        status: podStatusMessage(node, pod),
        info: verbose ? podInfo(node, pod) : {},
        containers_statuses: containersOf(node, pod.id).map((record) =>
          containerStatusMessage(node, record),
        ),
        timestamp: nanoseconds(Date.now()),
      };
    },
    // The kubelet changes the pod's cgroup itself, and tells what it has set there.
    UpdatePodSandboxResources: async ({ pod_sandbox_id, overhead, resources }) => {
      const pod = node.pods.find(pod_sandbox_id);
      const config = podConfigOf(pod);
      const linux = { ...emptyLinux, ...config.linux, overhead, resources };
      await node.pods.update(pod.id, { config: textOfPodConfig({ ...config, linux }) });
      return {};
    },
    ListPodSandbox: async ({ filter }) =>
      isEmptyFilter(filter) ? all() : { items: listPods(node, filter) },
    StreamPodSandboxes: async function* ({ filter }) {
      for (const pod of listPods(node, filter)) yield { pod_sandboxes: [pod] };
    },
  };
}

const emptyLinux = decode(LinuxPodSandboxConfig, Buffer.alloc(0));

/** Unique as the kubelet makes pods unique. */
export function podName({ metadata }: PodSandboxConfig): string {
  const { name, namespace, uid, attempt } = metadata ?? {};
  if (name === undefined || name === '') {
    throw new DomainError('invalid', 'A pod needs a name in its metadata');
  }
  return [name, namespace, uid, attempt].join('_');
}

/** Undefined when there is none, so that stop and remove can be repeated. */
function findPod(node: Node, id: string): PodRecord | undefined {
  try {
    return node.pods.find(id);
  } catch (error) {
    if (isDomainError(error, 'notFound')) return undefined;
    throw error;
  }
}

function stateOf(node: Node, pod: PodRecord): number {
  // One whose record is damaged is to be removed, as a kubelet does with what is not ready.
  const ready = pod.damaged !== true && sandboxOf(node, pod)?.state === 'ready';
  return ready ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY;
}

export function podStatusMessage(node: Node, pod: PodRecord): Draft<PodSandboxStatus> {
  const config = podConfigOf(pod);
  return {
    id: pod.id,
    metadata: config.metadata,
    state: stateOf(node, pod),
    created_at: nanoseconds(pod.createdAtMs),
    network: podAddresses(node, pod),
    linux: {
      namespaces: { options: config.linux?.security_context?.namespace_options ?? {} },
    },
    labels: config.labels,
    annotations: config.annotations,
    runtime_handler: pod.runtimeHandler,
  };
}

/** None on the node's own network: its addresses are the kubelet's to know. */
function podAddresses(node: Node, pod: PodRecord): Draft<PodSandboxNetworkStatus> {
  const [ip = '', ...more] = sandboxOf(node, pod)?.addresses ?? [];
  return { ip, additional_ips: more.map((address) => ({ ip: address })) };
}

function podInfo(node: Node, pod: PodRecord): Record<string, string> {
  const sandbox = sandboxOf(node, pod);
  const namespaces = Object.entries(sandbox?.namespaces ?? {}).map(([type, path]) => ({
    type,
    path,
  }));
  return documents({
    pid: sandbox?.shimPid ?? 0,
    config: podConfigOf(pod),
    runtimeSpec: {
      hostname: sandbox?.request?.hostname ?? '',
      linux: { namespaces, cgroupsPath: sandbox?.request?.cgroupPath ?? '' },
    },
  });
}

/** Gives the list without a filter. */
function allPods(node: Node): () => Draft<ListPodSandboxResponse> {
  const stateOfPod = (pod: PodRecord): number => stateOf(node, pod);
  const all = new WholeList<PodRecord>((pods) =>
    encode(ListPodSandboxResponse, { items: pods.map((pod) => listItem(pod, stateOfPod(pod))) }),
  );
  return () => Encoded.as(ListPodSandboxResponse, all.answer(ofKubelets(node), stateOfPod));
}

function ofKubelets(node: Node): PodRecord[] {
  return node.pods.list().filter(({ owner }) => owner === 'cri');
}

function isEmptyFilter(filter: PodSandboxFilter | undefined): boolean {
  if (filter === undefined) return true;
  const { id, state, label_selector } = filter;
  return id === '' && state === undefined && Object.keys(label_selector).length === 0;
}

function listPods(node: Node, filter: PodSandboxFilter | undefined): Draft<PodSandbox>[] {
  const items: Draft<PodSandbox>[] = [];
  for (const pod of ofKubelets(node)) {
    if (!pod.id.startsWith(filter?.id ?? '')) continue;
    const state = stateOf(node, pod);
    if (filter?.state !== undefined && filter.state.state !== state) continue;
    if (!matchesLabels(podConfigOf(pod).labels, filter?.label_selector)) continue;
    items.push(listItem(pod, state));
  }
  return items;
}

/** Encoded once for each state, as containers are. */
const listItems = new WeakMap<PodRecord, { state: number; item: Draft<PodSandbox> }>();

function listItem(pod: PodRecord, state: number): Draft<PodSandbox> {
  const known = listItems.get(pod);
  if (known?.state === state) return known.item;
  const { metadata, labels, annotations } = podConfigOf(pod);
  const item = Encoded.of(PodSandbox, {
    id: pod.id,
    metadata,
    state,
    created_at: nanoseconds(pod.createdAtMs),
    labels,
    annotations,
    runtime_handler: pod.runtimeHandler,
  });
  listItems.set(pod, { state, item });
  return item;
}

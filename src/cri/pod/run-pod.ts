import { randomBytes } from 'node:crypto';
import { DomainError, isDomainError } from '../../base/error.ts';
import type { IdMapping } from '../../container/spec-linux.ts';
import type { PodSandboxRequest } from '../../sandbox/sandbox-service.ts';
import { podCgroup } from '../plan/cgroup-path.ts';
import { planAttachment } from '../plan/plan-attachment.ts';
import {
  type ContainerRecord,
  optionsOf,
  type Owner,
  podConfigOf,
  type PodRecord,
  textOfPodConfig,
} from '../container/container-record.ts';
import {
  type IDMapping,
  NamespaceMode,
  type PodSandboxConfig,
  type UserNamespace,
} from '../generated/runtime.ts';
import type { Node } from '../node.ts';
import { handlerNamed } from '../runtime-handlers.ts';
import { sandboxOf } from './sandbox-of.ts';

export interface PodRequest {
  readonly id?: string;
  readonly owner: Owner;
  readonly name: string;
  readonly config: PodSandboxConfig;
  readonly runtimeHandler: string;
  /** The command line's own word; the CRI has POD and NODE. */
  readonly network: 'none' | 'host' | 'pod';
  /** Of /dev/shm; 0 for the usual. Of the command line alone. */
  readonly shmBytes?: number;
}

/**
 * Makes a pod with its namespaces. On failure nothing of it stays, or, where that cannot be undone
 * (a network that is down), a pod that is not ready, for the kubelet to see and to remove.
 */
export async function runPod(
  node: Node,
  request: PodRequest,
  signal?: AbortSignal,
): Promise<PodRecord> {
  const id = request.id ?? randomBytes(32).toString('hex');
  handlerNamed(node.handlers, request.runtimeHandler);
  const record: PodRecord = {
    id,
    name: request.name,
    owner: request.owner,
    createdAtMs: Date.now(),
    config: textOfPodConfig(request.config),
    runtimeHandler: request.runtimeHandler,
  };
  checkUser(request.config);
  const plan = planPod(node, { ...request, id });
  await node.pods.add(record);
  try {
    await node.sandboxes.run(plan, signal);
    tellOfPod(node, record, 'create');
    tellOfPod(node, record, 'start');
  } catch (error) {
    if (sandboxOf(node, record) === undefined) node.pods.remove(id);
    else tellOfPod(node, record, 'create');
    throw error;
  }
  return record;
}

/** Pods of the command line's containers are not seen there either. */
export function tellOfPod(
  node: Node,
  pod: PodRecord,
  action: 'create' | 'start' | 'die' | 'destroy',
): void {
  if (pod.owner !== 'cri') return;
  const attributes = { name: pod.name };
  node.events.publish({ type: 'pod', action, id: pod.id, atMs: Date.now(), attributes, pod });
}

/** A group alone would be given to whatever user the pause image has, if there was one. */
function checkUser({ linux }: PodSandboxConfig): void {
  const security = linux?.security_context;
  if (security?.run_as_group === undefined || security.run_as_user !== undefined) return;
  throw new DomainError('invalid', 'run_as_group needs a user');
}

/** Makes the pod of a command line's container again where a reboot has taken it. */
export async function provideSandbox(node: Node, record: ContainerRecord): Promise<void> {
  const { podId } = record;
  try {
    if (node.sandboxes.status(podId).state === 'ready') return;
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
  const pod = node.pods.get(podId);
  const options = optionsOf(record);
  const network = networkMode(options?.network ?? '');
  const shmBytes = options?.shm_bytes ?? 0;
  await node.sandboxes.remove(podId);
  await node.sandboxes.run(planPod(node, { ...pod, config: podConfigOf(pod), network, shmBytes }));
}

/** What the CRI asks for. */
export function networkOf(config: PodSandboxConfig): 'pod' | 'host' {
  const mode = config.linux?.security_context?.namespace_options?.network ?? NamespaceMode.POD;
  return mode === NamespaceMode.NODE ? 'host' : 'pod';
}

/** The command line's words. Throws DomainError `invalid` for others. */
export function networkMode(word: string): PodRequest['network'] {
  if (word === '' || word === 'none') return 'none';
  if (word === 'host' || word === 'pod') return word;
  throw new DomainError('invalid', `Network "${word}" is none of "none", "host" and "pod"`);
}

/** What the sandbox service is asked for; pure but for the settings. */
export function planPod(
  { settings }: Pick<Node, 'settings'>,
  request: PodRequest & { readonly id: string },
): PodSandboxRequest {
  const { config, id } = request;
  const linux = config.linux;
  const namespaces = linux?.security_context?.namespace_options;
  const dns = config.dns_config;
  const hostname = config.hostname === '' ? id.slice(0, 12) : config.hostname;
  return {
    id,
    hostname,
    network: request.network,
    ...(request.network === 'pod' && { attachment: planAttachment(id, config) }),
    ipc: namespaces?.ipc === NamespaceMode.NODE ? 'host' : 'pod',
    ...((request.shmBytes ?? 0) > 0 && { shmBytes: request.shmBytes }),
    pid: pidMode(namespaces?.pid),
    ...planMappings(namespaces?.userns_options, request.network),
    ...(dns === undefined ? {} : { dns }),
    sysctls: linux?.sysctls ?? {},
    cgroupPath: podCgroup(linux?.cgroup_parent ?? '', id, settings.cgroupParent),
  };
}

/** Absent options leave the zero value, POD, as the CRI says. */
function pidMode(mode: number | undefined): PodSandboxRequest['pid'] {
  if (mode === NamespaceMode.NODE) return 'host';
  return mode === NamespaceMode.CONTAINER ? 'container' : 'pod';
}

function planMappings(
  options: UserNamespace | undefined,
  network: string,
): Pick<PodSandboxRequest, 'uidMappings' | 'gidMappings'> {
  if (options === undefined || options.mode === NamespaceMode.NODE) {
    if ((options?.uids.length ?? 0) + (options?.gids.length ?? 0) === 0) return {};
    throw new DomainError('invalid', 'User namespace mode NODE has no mappings');
  }
  if (options.mode !== NamespaceMode.POD) {
    throw new DomainError('invalid', 'User namespaces know the modes POD and NODE only');
  }
  if (network === 'host') {
    throw new DomainError('unsupported', 'A user namespace needs a network of its own');
  }
  return { uidMappings: onlyMapping(options.uids), gidMappings: onlyMapping(options.gids) };
}

function onlyMapping(mappings: readonly IDMapping[]): IdMapping[] {
  const [only, ...more] = mappings;
  if (only === undefined || more.length > 0) {
    throw new DomainError('invalid', `A user namespace has one mapping, not ${mappings.length}`);
  }
  if (only.container_id !== 0 || only.length === 0) {
    throw new DomainError('invalid', 'The mapping of a user namespace begins at id 0');
  }
  return [{ containerID: 0, hostID: only.host_id, size: only.length }];
}

import { constants } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../base/error.ts';
import { sysctlNamespace, sysctlOperation } from '../container/plan-settings.ts';
import { mapText } from '../container/plan-namespaces.ts';
import { cloneFlag, mountAttribute } from '../kernel/flag.ts';
import { operation, type Operation } from '../kernel/operation.ts';
import type { PodSandboxRequest } from './sandbox-service.ts';

export interface SandboxPaths {
  /** The pod's folder. */
  readonly folder: string;
  /** Where network namespaces are pinned, so that `ip netns` shows them. */
  readonly networkFolder: string;
}

/** Where each namespace of its own is pinned. */
export interface PinnedNamespaces {
  network?: string;
  ipc?: string;
  uts?: string;
  user?: string;
  pid?: string;
}

type OwnedKind = 'network' | 'ipc' | 'uts';

/** The kernel's order of the slots behind a user namespace. */
const ownedKinds: readonly OwnedKind[] = ['network', 'ipc', 'uts'];
const procNames = { network: 'net', ipc: 'ipc', uts: 'uts' } as const;

export function pinnedNamespaces(
  request: PodSandboxRequest,
  paths: SandboxPaths,
): PinnedNamespaces {
  const pins: PinnedNamespaces = {};
  const place = (kind: string) => join(paths.folder, 'ns', kind);
  if (request.network !== 'host') {
    pins.network = join(paths.networkFolder, `keelson-${request.id}`);
    pins.uts = place('uts');
  }
  if (request.ipc === 'pod') pins.ipc = place('ipc');
  if (request.pid === 'pod') pins.pid = place('pid');
  if (request.uidMappings !== undefined) pins.user = place('user');
  return pins;
}

/** Makes and pins the pod's namespaces, from a process that stays in the host's mounts. */
export function planSandbox(request: PodSandboxRequest, pins: PinnedNamespaces): Operation[] {
  const kinds = ownedKinds.filter((kind) => pins[kind] !== undefined);
  const flags = kinds.reduce((all, kind) => all | cloneFlag[kind], 0);
  const operations: Operation[] = [];
  if (pins.user === undefined) {
    if (flags !== 0) operations.push(operation.unshare(flags));
  } else {
    const maps = { uid: mapText(request.uidMappings), gid: mapText(request.gidMappings) };
    operations.push(operation.userNamespace(0, maps, flags));
    kinds.forEach((kind, i) => operations.push(operation.join(i + 1, cloneFlag[kind])));
  }
  if (pins.uts !== undefined) operations.push(operation.hostname(request.hostname));
  if (pins.network !== undefined) operations.push(operation.loopbackUp());
  operations.push(...planSysctls(request, pins));
  for (const kind of kinds) operations.push(operation.pin(procNames[kind], pins[kind] ?? ''));
  if (pins.user !== undefined) operations.push(operation.pin('user', pins.user, 0));
  return operations;
}

/** The first process of a shared PID namespace, which the pod's shim supervises. */
export function planPause(pins: PinnedNamespaces): { operations: Operation[]; relay: boolean } {
  if (pins.user === undefined) return { operations: [operation.pause()], relay: false };
  const open = operation.open(0, pins.user, constants.O_RDONLY);
  const join = operation.join(0, cloneFlag.user);
  const inside = [operation.identity(0, 0, []), operation.fork(cloneFlag.pid)];
  return { operations: [open, join, ...inside, operation.pause()], relay: true };
}

/** The pod's /dev/shm: one tmpfs, in the host's mounts, that its containers bind. */
export function planShm(request: PodSandboxRequest, path: string): Operation[] {
  const [shm, root] = [shmSlot, shmSlot + 1];
  const { nosuid, nodev, noexec } = mountAttribute;
  const owner = { uid: firstId(request.uidMappings), gid: firstId(request.gidMappings) };
  const options: [string, string][] = [
    ['mode', '1777'],
    ['size', String(request.shmBytes ?? defaultShmBytes)],
    ...Object.entries(owner).map(([key, id]): [string, string] => [key, String(id)]),
  ];
  return [
    operation.filesystem(shm, 'tmpfs', { attributes: nosuid | nodev | noexec, options }),
    operation.open(root, '/', constants.O_DIRECTORY),
    operation.useRoot(root),
    operation.attach(shm, path, false),
  ];
}

/** Behind those of a user namespace and what it owns. */
const shmSlot = 8;
const defaultShmBytes = 64 * 1024 * 1024;

/** What root of the pod's user namespace is outside. */
function firstId(mappings: PodSandboxRequest['uidMappings'] = []): number {
  return mappings.find(({ containerID }) => containerID === 0)?.hostID ?? 0;
}

export function checkSandbox(request: PodSandboxRequest): void {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(request.id)) {
    throw new DomainError('invalid', `"${request.id}" is no pod id`);
  }
  if (Buffer.byteLength(request.hostname) > 64 || /[\s\0/]/.test(request.hostname)) {
    throw new DomainError('invalid', `Hostname "${request.hostname}" is malformed`);
  }
  const mapped = [request.uidMappings, request.gidMappings].filter((map) => map !== undefined);
  if (mapped.length === 1 || mapped.some((map) => map.length === 0)) {
    throw new DomainError('invalid', 'A user namespace needs uidMappings and gidMappings');
  }
}

function planSysctls(request: PodSandboxRequest, pins: PinnedNamespaces): Operation[] {
  return Object.entries(request.sysctls ?? {}).map(([name, value]) => {
    const kind = sysctlNamespace(name);
    if (kind === 'uts' || pins[kind] === undefined) {
      throw new DomainError('invalid', `Sysctl "${name}" would be the node's own`);
    }
    return sysctlOperation(name, value);
  });
}

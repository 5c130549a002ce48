import { constants } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '../base/error.ts';
import { sysctlNamespace, sysctlOperation } from '../container/plan/plan-settings.ts';
import type { PausePlan } from '../container/pod-pause.ts';
import { mapText } from '../container/plan/plan-namespaces.ts';
import { cloneFlag, mountAttribute, propagationFlag } from '../kernel/flag.ts';
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
  }
  // In the host's network too: what a container changes there is not the node's name.
  pins.uts = place('uts');
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
  const name = request.network === 'host' ? hostname() : request.hostname;
  if (pins.uts !== undefined) operations.push(operation.hostname(name));
  if (pins.network !== undefined) operations.push(operation.loopbackUp());
  operations.push(...planSysctls(request, pins));
  for (const kind of kinds) operations.push(operation.pin(procNames[kind], pins[kind] ?? ''));
  if (pins.user !== undefined) operations.push(operation.pin('user', pins.user, 0));
  return operations;
}

/**
 * The first process of a shared PID namespace, which the pod's shim supervises. It lives in the
 * pod's namespaces, where `lsns` finds it, and in an empty root without any right: a container that
 * may trace processes reaches all that this one has, /proc/1/root above all.
 */
export function planPause(pins: PinnedNamespaces): PausePlan {
  const flags = cloneFlag.pid | cloneFlag.mount;
  const user = pins.user === undefined ? [] : planPauseUser(pins.user, flags);
  const id = pins.user === undefined ? pauseId : 0;
  const none = { effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n };
  const operations = [
    ...ownedKinds.flatMap((kind, i) => planJoin(i + 1, kind, pins[kind])),
    operation.filesystem(rootSlot, 'tmpfs', {
      attributes: mountAttribute.readonly | mountAttribute.nosuid | mountAttribute.nodev,
      options: [
        ['size', '4k'],
        ['nr_inodes', '2'],
        ['mode', '0555'],
      ],
    }),
    ...user,
    operation.propagation(propagationFlag.recursive | propagationFlag.private),
    operation.root(rootSlot),
    operation.pivot(),
    operation.bounding(0n),
    operation.identity(id, id, []),
    operation.capabilities(none),
    operation.noNewPrivileges(),
    operation.pause(),
  ];
  const relay = pins.user !== undefined;
  return { operations, relay, cloneFlags: relay ? 0 : flags };
}

/** As in the image that Kubernetes has for it. */
const pauseId = 65_535;
const rootSlot = 4;

function planPauseUser(path: string, flags: number): Operation[] {
  const open = operation.open(0, path, constants.O_RDONLY);
  const join = operation.join(0, cloneFlag.user);
  return [open, join, operation.identity(0, 0, []), operation.fork(flags)];
}

function planJoin(slot: number, kind: OwnedKind, path: string | undefined): Operation[] {
  if (path === undefined) return [];
  return [operation.open(slot, path, constants.O_RDONLY), operation.join(slot, cloneFlag[kind])];
}

/** The pod's /dev/shm: one tmpfs, in the host's mounts, that its containers bind. */
export function planShm(request: PodSandboxRequest, path: string): Operation[] {
  const [shm, root] = [shmSlot, shmSlot + 1];
  const { nosuid, nodev, noexec } = mountAttribute;
  const owner = { uid: firstId(request.uidMappings), gid: firstId(request.gidMappings) };
  const options: [string, string][] = [
    ['source', 'shm'],
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

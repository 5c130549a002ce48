import { posix } from 'node:path';
import { DomainError } from '../../base/error.ts';
import type { Linux } from '../../container/spec-linux.ts';
import type { Mount } from '../../container/spec.ts';
import { type Mount as CriMount, MountPropagation } from '../generated/runtime.ts';
import { imageVolumeMount } from '../image/image-volume.ts';
import { mountOptionsOf } from './mount-options.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * What is mounted, in order: the usual file systems, the pod's files, then the request's own
 * mounts,
 * shallow ones first so that none hides another. One with the destination of a usual one is in its
 * place.
 */
export function planMounts(input: PlanInput): Mount[] {
  const own = [
    ...input.config.mounts.map((mount) => planMount(mount, input)),
    ...tmpfsOf(input),
    ...volumesOf(input),
  ];
  refuseTwice(own);
  const taken = new Set(own.map(({ destination }) => destination));
  const usual = [...fileSystems(input), ...podFiles(input)];
  return [
    ...usual.filter(({ destination }) => !taken.has(destination)),
    ...own.toSorted((a, b) => depthOf(a.destination) - depthOf(b.destination)),
  ];
}

/** How mounts made outside show inside: the widest that any of the request's mounts needs. */
export function planPropagation({ config }: PlanInput): Linux['rootfsPropagation'] {
  const modes = config.mounts.map(({ propagation }) => propagation);
  if (modes.includes(MountPropagation.PROPAGATION_BIDIRECTIONAL)) return 'shared';
  if (modes.includes(MountPropagation.PROPAGATION_HOST_TO_CONTAINER)) return 'slave';
  return 'private';
}

function fileSystems(input: PlanInput): Mount[] {
  const { config } = input;
  const privileged = config.linux?.security_context?.privileged === true;
  const rights = privileged ? 'rw' : 'ro';
  return [
    mount('/proc', 'proc', ['nosuid', 'noexec', 'nodev']),
    mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', [
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      'gid=5',
    ]),
    ...messageQueues(input),
    bind('/dev/shm', input.facts.shm ?? input.sandbox.shm ?? '/dev/shm', ['rw', 'rprivate']),
    sysfs(input, rights),
    mount('/sys/fs/cgroup', 'cgroup', ['nosuid', 'noexec', 'nodev', 'relatime', rights]),
  ];
}

/**
 * Queues are of the IPC namespace that mounts them, the host's too, wherever the host has them. A
 * user namespace may do that with an IPC namespace of its own only.
 */
function messageQueues({ sandbox, facts }: PlanInput): Mount[] {
  const { user, ipc } = sandbox.namespaces;
  const hostIpc = facts.ipcNamespace === undefined && ipc === undefined;
  if (user !== undefined && hostIpc) return [];
  return [mount('/dev/mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev'])];
}

/** A user namespace may mount sysfs only with a network namespace of its own. */
function sysfs({ sandbox }: PlanInput, rights: string): Mount {
  const { user, network } = sandbox.namespaces;
  if (user !== undefined && network === undefined) return bind('/sys', '/sys', [rights]);
  return mount('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', rights]);
}

function podFiles({ config, sandbox }: PlanInput): Mount[] {
  const readonly = config.linux?.security_context?.readonly_rootfs === true;
  const rights = readonly ? 'ro' : 'rw';
  const { hosts, resolvConf, hostname } = sandbox.files;
  return [
    bind('/etc/hosts', hosts, [rights, 'rprivate']),
    bind('/etc/resolv.conf', resolvConf, [rights, 'rprivate']),
    bind('/etc/hostname', hostname, [rights, 'rprivate']),
  ];
}

function planMount(request: CriMount, { facts, sandbox }: PlanInput): Mount {
  const { host_path, container_path } = request;
  const destination = destinationOf(container_path);
  const more = mountOptionsOf(request.mount_options, destination);
  checkRecursiveReadOnly(request, destination);
  const place = facts.volumes.get(container_path);
  if (place !== undefined) {
    const volume = imageVolumeMount(destination, place, sandbox.namespaces.user !== undefined);
    return { ...volume, options: [...(volume.options ?? []), ...more] };
  }
  const source = facts.sources.get(host_path);
  if (source === undefined) {
    throw new DomainError('invalid', `Mount source "${host_path}" does not exist`);
  }
  const rights = request.recursive_read_only ? 'rro' : request.readonly ? 'ro' : 'rw';
  return {
    ...bind(destination, source, [rights, propagationWord(request.propagation), ...more]),
    ...mappingsOf(request),
  };
}

function checkRecursiveReadOnly(request: CriMount, destination: string): void {
  if (!request.recursive_read_only) return;
  const fits = request.readonly && request.propagation === MountPropagation.PROPAGATION_PRIVATE;
  if (fits) return;
  throw new DomainError(
    'invalid',
    `Mount at "${destination}": recursive_read_only needs readonly and private propagation`,
  );
}

function propagationWord(propagation: number): string {
  if (propagation === MountPropagation.PROPAGATION_BIDIRECTIONAL) return 'rshared';
  return propagation === MountPropagation.PROPAGATION_HOST_TO_CONTAINER ? 'rslave' : 'rprivate';
}

function mappingsOf({ uidMappings, gidMappings }: CriMount): Partial<Mount> {
  if (uidMappings.length === 0 && gidMappings.length === 0) return {};
  return { uidMappings: uidMappings.map(mapping), gidMappings: gidMappings.map(mapping) };
}

function mapping(from: { host_id: number; container_id: number; length: number }): {
  hostID: number;
  containerID: number;
  size: number;
} {
  return { hostID: from.host_id, containerID: from.container_id, size: from.length };
}

function tmpfsOf({ options }: PlanInput): Mount[] {
  return (options?.tmpfs ?? []).map(({ path, options }) =>
    mount(destinationOf(path), 'tmpfs', ['nosuid', 'nodev', 'noexec', 'mode=1777', ...options]),
  );
}

/** With a user namespace the files' owners are mapped into it, as those of the root are. */
function volumesOf({ facts, sandbox }: PlanInput): Mount[] {
  const mapped = sandbox.namespaces.user === undefined ? [] : ['idmap'];
  return (facts.storage ?? []).map(({ mount: { path, readonly }, source }) =>
    bind(destinationOf(path), source, [readonly ? 'ro' : 'rw', 'rprivate', ...mapped]),
  );
}

/** Absolute and without `..`: what a mount hides is then plain to see. */
export function destinationOf(path: string): string {
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new DomainError('invalid', `Mount destination "${path}" is not an absolute path`);
  }
  const clean = posix.normalize(path).replace(/(.)\/$/, '$1');
  if (clean === '/') throw new DomainError('invalid', 'Cannot mount over "/" of a container');
  return clean;
}

function refuseTwice(mounts: readonly Mount[]): void {
  const seen = new Set<string>();
  for (const { destination } of mounts) {
    if (seen.has(destination)) {
      throw new DomainError('invalid', `Two mounts at "${destination}"`);
    }
    seen.add(destination);
  }
}

function depthOf(path: string): number {
  return path.split('/').length;
}

function mount(destination: string, type: string, options: readonly string[]): Mount {
  return { destination, type, source: type, options };
}

function bind(destination: string, source: string, options: readonly string[]): Mount {
  return { destination, type: 'bind', source, options: ['rbind', ...options] };
}

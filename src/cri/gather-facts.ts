import type { Stats } from 'node:fs';
import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { DomainError, hasCode } from '../base/error.ts';
import { readSeccomp, type SeccompDocument } from '../container/seccomp-document.ts';
import type { Device } from '../container/spec-linux.ts';
import type { Snapshot } from '../image/snapshot.ts';
import type { RunOptions } from './generated/keelson.ts';
import { type ContainerConfig, NamespaceMode, ProfileType } from './generated/runtime.ts';
import type { ImageVolumes } from './plan/plan-input.ts';
import type { Node } from './node.ts';
import type { ContainerFacts } from './plan/plan-input.ts';
import { seccompProfile } from './plan/plan-seccomp.ts';
import { resolveUserInImage } from './plan/resolve-user.ts';
import { userRequest } from './plan/user-request.ts';

export interface FactsRequest {
  readonly config: ContainerConfig;
  readonly options: RunOptions | undefined;
  readonly podId: string;
  readonly snapshot: Snapshot;
  readonly imageUser: string;
  readonly volumes: ImageVolumes;
}

/** Looks up what a plan needs to know of the host, the image and other containers. */
export async function gatherFacts(node: Node, request: FactsRequest): Promise<ContainerFacts> {
  const { config, options, snapshot } = request;
  const [user, sources, devices, seccomp] = await Promise.all([
    resolveUserInImage(snapshot, userRequest(request)),
    findSources(config),
    findDevices(config),
    findSeccomp(config, options),
  ]);
  const pidNamespace = findPidNamespace(node, request);
  const ipcNamespace = findNamespace(node, options?.ipc_container ?? '', 'ipc');
  return {
    user,
    sources,
    devices,
    volumes: request.volumes,
    storage: (options?.volumes ?? []).map((mount) => ({
      mount,
      source: node.volumes.dataOf(mount.name),
    })),
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(ipcNamespace === undefined ? {} : { ipcNamespace, shm: shmOf(node, options) }),
  };
}

/** Symbolic links of the host are followed here; the engine then mounts what they lead to. */
async function findSources(config: ContainerConfig): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  for (const { host_path } of config.mounts) {
    if (host_path === '' || sources.has(host_path)) continue;
    if (!host_path.startsWith('/')) {
      throw new DomainError('invalid', `Mount source "${host_path}" is not an absolute path`);
    }
    try {
      sources.set(host_path, await realpath(host_path));
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
  return sources;
}

async function findDevices(config: ContainerConfig): Promise<ContainerFacts['devices']> {
  const asked = config.devices.map(({ host_path, container_path, permissions }) => ({
    hostPath: host_path,
    path: container_path === '' ? host_path : container_path,
    access: accessOf(permissions),
  }));
  const found = new Map<string, { device: Device; access: string }>();
  if (config.linux?.security_context?.privileged === true) {
    for (const device of await hostDevices()) found.set(device.path, { device, access: 'rwm' });
  }
  for (const { hostPath, path, access } of asked) {
    for (const device of await devicesAt(hostPath, path)) {
      found.set(device.path, { device, access });
    }
  }
  return [...found.values()];
}

function accessOf(permissions: string): string {
  if (!/^[rwm]*$/.test(permissions)) {
    throw new DomainError('invalid', `Invalid device permissions "${permissions}"`);
  }
  return permissions === '' ? 'rwm' : permissions;
}

/** What the container's own /dev has already, or must not have of the host's. */
const ownDevices =
  /^(console|core|fd|full|mqueue|null|ptmx|pts|random|shm|std(in|out|err)|tty|urandom|zero)$/;

/** A link that leads nowhere (`/dev/initctl` of sysvinit) was asked for by nobody. */
async function hostDevices(): Promise<Device[]> {
  const names = (await readdir('/dev')).filter((name) => !ownDevices.test(name));
  const found = names.map((name) => devicesAt(`/dev/${name}`, `/dev/${name}`, 1));
  return (await Promise.all(found)).flat();
}

/** One device, or those in a folder and below. */
async function devicesAt(hostPath: string, path: string, depth = 0): Promise<Device[]> {
  const found = await statOf(hostPath, depth);
  if (found === undefined) return [];
  if (found.isDirectory() && depth < 8) {
    const names = await readdir(hostPath);
    const inner = names.map((name) =>
      devicesAt(`${hostPath}/${name}`, `${path}/${name}`, depth + 1),
    );
    return (await Promise.all(inner)).flat();
  }
  if (!found.isCharacterDevice() && !found.isBlockDevice()) {
    if (depth > 0 || hostPath.startsWith('/dev/')) return [];
    throw new DomainError('invalid', `"${hostPath}" is not a device`);
  }
  return [
    {
      type: found.isBlockDevice() ? 'b' : 'c',
      path,
      ...deviceNumber(found.rdev),
      fileMode: found.mode & 0o777,
      uid: found.uid,
      gid: found.gid,
    },
  ];
}

async function statOf(path: string, depth: number): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    // Of a folder's content some may be gone by now; what was named must be there.
    if (depth > 0) return undefined;
    if (hasCode(error, 'ENOENT')) {
      throw new DomainError('invalid', `Device "${path}" does not exist`);
    }
    throw error;
  }
}

/** The kernel's new_encode_dev: 12 bits of major between the low 8 and high 12 of the minor. */
function deviceNumber(rdev: number): { major: number; minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) };
}

async function findSeccomp(
  config: ContainerConfig,
  options: RunOptions | undefined,
): Promise<SeccompDocument | undefined> {
  if (options !== undefined && options.seccomp.length > 0) {
    return readSeccomp(Buffer.from(options.seccomp).toString(), 'given profile');
  }
  const profile = seccompProfile(config.linux?.security_context);
  if (profile?.profile_type !== ProfileType.Localhost) return undefined;
  const path = profile.localhost_ref;
  if (!path.startsWith('/')) {
    throw new DomainError('invalid', `Seccomp profile "${path}" is not an absolute path`);
  }
  try {
    return readSeccomp(await readFile(path, 'utf8'), `profile "${path}"`);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new DomainError('invalid', `Seccomp profile "${path}" does not exist`);
  }
}

function findPidNamespace(
  node: Node,
  { config, options, podId }: FactsRequest,
): string | undefined {
  const namespaces = config.linux?.security_context?.namespace_options;
  if (namespaces?.pid !== NamespaceMode.TARGET) {
    return findNamespace(node, options?.pid_container ?? '', 'pid');
  }
  const target = node.containers.get(namespaces.target_id);
  if (target.podId !== podId) {
    throw new DomainError('invalid', `Container "${target.id}" is in another pod`);
  }
  return findNamespace(node, target.id, 'pid');
}

/** Of the container whose IPC namespace is joined; the host's where that has none of its own. */
function shmOf(node: Node, options: RunOptions | undefined): string {
  const { podId } = node.containers.find(options?.ipc_container ?? '');
  return node.sandboxes.status(podId).shm ?? '/dev/shm';
}

function findNamespace(node: Node, container: string, type: string): string | undefined {
  if (container === '') return undefined;
  const { id } = node.containers.find(container);
  const { state, pid } = node.engine.status(id);
  if (state === 'running' || state === 'paused') return `/proc/${pid}/ns/${type}`;
  throw new DomainError('conflict', `Cannot join container "${container}": it is ${state}`);
}

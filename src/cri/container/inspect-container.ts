import { isDomainError } from '../../base/error.ts';
import type { ContainerStatus } from '../../container/container-engine.ts';
import type { Spec } from '../../container/spec.ts';
import type { PodSandboxStatus } from '../../sandbox/sandbox-service.ts';
import { statusOfContainer } from './container-life.ts';
import {
  configOf,
  type ContainerRecord,
  damagedPod,
  optionsOf,
  podConfigOf,
  type PodRecord,
} from './container-record.ts';
import { shownName } from './container-summary.ts';
import { specOf } from './cri-containers.ts';
import type { RunOptions } from '../generated/keelson.ts';
import type { ContainerConfig, PodSandboxConfig, PortMapping } from '../generated/runtime.ts';
import type { Node } from '../node.ts';
import { protocolName } from '../plan/plan-attachment.ts';

/** The document of `keelson inspect`, in Docker's words, since its readers' scripts know those. */
export async function inspectContainer(
  node: Node,
  record: ContainerRecord,
  size: boolean,
): Promise<object> {
  const status = statusOfContainer(node, record);
  const spec = specOf(node, record);
  const config = configOf(record);
  const options = optionsOf(record);
  const sandbox = sandboxOf(node, record.podId);
  return {
    Id: record.id,
    Created: time(record.createdAtMs),
    Path: spec?.process?.args[0] ?? '',
    Args: spec?.process?.args.slice(1) ?? [],
    State: stateDocument(status),
    Image: record.imageId,
    ResolvConfPath: sandbox?.files.resolvConf,
    HostnamePath: sandbox?.files.hostname,
    HostsPath: sandbox?.files.hosts,
    LogPath: record.logPath,
    Name: `/${shownName(record)}`,
    RestartCount: record.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    HostConfig: hostConfig({ record, config, options, spec }),
    GraphDriver: graphDriver(node, record, status),
    ...(size ? { SizeRw: (await node.images.snapshotUse(record.id)).bytes } : {}),
    ...(size ? { SizeRootFs: node.images.find(record.imageId)?.sizeBytes ?? 0 } : {}),
    Mounts: [...bindDocuments(config), ...volumeDocuments(node, options)],
    Config: configDocument({ record, config, options, spec, hostname: sandbox?.request?.hostname }),
    NetworkSettings: networkSettings(sandbox, podConfigOf(findPod(node, record))),
    Pod: record.podId,
    NotEnforced: status.notEnforced,
  };
}

function bindDocuments(config: ContainerConfig): object[] {
  return config.mounts.map((mount) => ({
    Type: 'bind',
    Source: mount.host_path,
    Destination: mount.container_path,
    Mode: mount.readonly ? 'ro' : '',
    RW: !mount.readonly,
    Propagation: ['rprivate', 'rslave', 'rshared'][mount.propagation] ?? '',
  }));
}

function volumeDocuments(node: Node, options: RunOptions | undefined): object[] {
  return (options?.volumes ?? []).map(({ name, path, readonly }) => ({
    Type: 'volume',
    Name: name,
    Source: node.volumes.dataOf(name),
    Destination: path,
    Driver: 'local',
    Mode: readonly ? 'ro' : '',
    RW: !readonly,
    Propagation: '',
  }));
}

/** The one network is named as the CNI interface is; without one there is none. */
function networkSettings(
  sandbox: PodSandboxStatus | undefined,
  { port_mappings }: PodSandboxConfig,
): object {
  const [address = ''] = sandbox?.addresses ?? [];
  return {
    SandboxKey: sandbox?.namespaces.network ?? '',
    IPAddress: address,
    Ports: portsOf(port_mappings),
    Networks: address === '' ? {} : { eth0: { IPAddress: address } },
  };
}

/** As Docker shows them: `{ "80/tcp": [{ HostIp, HostPort }] }`. */
function portsOf(mappings: readonly PortMapping[]): Record<string, object[]> {
  const ports: Record<string, object[]> = {};
  for (const { host_ip, host_port, container_port, protocol } of mappings) {
    const port = `${container_port}/${protocolName(protocol)}`;
    (ports[port] ??= []).push({ HostIp: host_ip || '0.0.0.0', HostPort: String(host_port) });
  }
  return ports;
}

function findPod(node: Node, { podId }: ContainerRecord): PodRecord {
  return node.pods.has(podId) ? node.pods.get(podId) : damagedPod(podId);
}

/** Undefined where a reboot has taken it. */
function sandboxOf(node: Node, id: string): PodSandboxStatus | undefined {
  try {
    return node.sandboxes.status(id);
  } catch (error) {
    if (isDomainError(error, 'notFound')) return undefined;
    throw error;
  }
}

function stateDocument(status: ContainerStatus): object {
  return {
    Status: status.state,
    Running: status.state === 'running' || status.state === 'paused',
    Paused: status.state === 'paused',
    Restarting: false,
    OOMKilled: status.reason === 'OOMKilled',
    Dead: status.state === 'unknown',
    // Of one that waits to be started the pid is not that of its program yet.
    Pid: status.state === 'created' ? 0 : status.pid,
    ExitCode: status.exitCode,
    Error: status.message,
    StartedAt: time(status.startedAtMs),
    FinishedAt: time(status.finishedAtMs),
  };
}

/** Where the root file system lies; mounted as one only inside the running container. */
function graphDriver(node: Node, record: ContainerRecord, status: ContainerStatus): object {
  const snapshot = node.images.findSnapshot(record.id);
  return {
    Name: 'overlay2',
    Data: {
      LowerDir: snapshot?.layers.join(':') ?? '',
      UpperDir: snapshot?.upper ?? '',
      WorkDir: snapshot?.work ?? '',
      MergedDir: status.pid === 0 ? '' : `/proc/${status.pid}/root`,
    },
  };
}

interface Parts {
  readonly record: ContainerRecord;
  readonly config: ContainerConfig;
  readonly options: RunOptions | undefined;
  readonly spec: Spec | undefined;
}

function hostConfig({ record, config, options, spec }: Parts): object {
  const resources = spec?.linux?.resources;
  const security = config.linux?.security_context;
  return {
    Binds: config.mounts.map(
      ({ host_path, container_path, readonly }) =>
        `${host_path}:${container_path}${readonly ? ':ro' : ''}`,
    ),
    NetworkMode: options?.network || 'none',
    RestartPolicy: {
      Name: record.restart.name,
      MaximumRetryCount: record.restart.maximumRetries,
    },
    Init: options?.init ?? false,
    AutoRemove: options?.remove ?? false,
    CapAdd: security?.capabilities?.add_capabilities ?? [],
    CapDrop: security?.capabilities?.drop_capabilities ?? [],
    GroupAdd: options?.groups ?? [],
    OomScoreAdj: spec?.process?.oomScoreAdj ?? 0,
    Privileged: security?.privileged ?? false,
    ReadonlyRootfs: spec?.root?.readonly ?? false,
    CpuShares: resources?.cpu?.shares ?? 0,
    CpuQuota: resources?.cpu?.quota ?? 0,
    CpuPeriod: resources?.cpu?.period ?? 0,
    CpusetCpus: resources?.cpu?.cpus ?? '',
    Memory: resources?.memory?.limit ?? 0,
    MemorySwap: resources?.memory?.swap ?? 0,
    MemoryReservation: resources?.memory?.reservation ?? 0,
    PidsLimit: resources?.pids?.limit ?? 0,
    Ulimits: spec?.process?.rlimits ?? [],
    MaskedPaths: spec?.linux?.maskedPaths ?? [],
    ReadonlyPaths: spec?.linux?.readonlyPaths ?? [],
    CgroupPath: spec?.linux?.cgroupsPath ?? '',
  };
}

function configDocument({
  record,
  config,
  spec,
  hostname,
}: Parts & { readonly hostname: string | undefined }): object {
  return {
    Hostname: hostname ?? '',
    User: `${record.user.uid}:${record.user.gid}`,
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdin_once,
    Env: spec?.process?.env ?? [],
    Cmd: config.args,
    Entrypoint: config.command,
    Image: record.imageName,
    WorkingDir: spec?.process?.cwd ?? '',
    Labels: config.labels,
    Annotations: config.annotations,
    StopSignal: record.stopSignal,
  };
}

/** Docker's zero time where there is none. */
function time(milliseconds: number): string {
  return milliseconds === 0 ? '0001-01-01T00:00:00Z' : new Date(milliseconds).toISOString();
}

import { DomainError } from '../base/error.ts';
import type { CreateRequest, RunOptions } from '../cri/generated/keelson.ts';
import {
  type ContainerConfig,
  type LinuxContainerResources,
  type LinuxContainerSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  type PodSandboxConfig,
  ProfileType,
} from '../cri/generated/runtime.ts';
import type { Draft } from '../grpc/message.ts';
import { blockIoOf } from './parse-block-io.ts';
import { parseLimit, parsePairs, parseSize, parseWhole } from './parse.ts';
import { parseDevice, parseMount, parseTmpfs, parseUlimit, parseVolume } from './parse-mount.ts';
import { parsePublish } from './parse-publish.ts';
import type { RunFlags } from './run-flags.ts';

/** What the flags name and was read for them. */
export interface RunFiles {
  /** Variables as KEY=VALUE, from files and flags, in order. */
  readonly env: readonly string[];
  /** The text of `--security-opt seccomp=FILE`. */
  readonly seccomp?: Buffer;
}

/**
 * The request that the flags of `run` and `create` stand for. Pure; throws DomainError `invalid`.
 */
export function createRequest(
  flags: RunFlags,
  [image = '', ...args]: readonly string[],
  files: RunFiles,
): Draft<CreateRequest> {
  const { mounts, ...others } = mountsOf(flags);
  const config: Draft<ContainerConfig> = {
    image: { image },
    command: (flags.entrypoint ?? '') === '' ? [] : [flags.entrypoint ?? ''],
    args,
    working_dir: flags.workdir ?? '',
    envs: files.env.map((entry) => {
      const at = entry.indexOf('=');
      return { key: entry.slice(0, at), value: Buffer.from(entry.slice(at + 1)) };
    }),
    mounts,
    devices: flags.device.map(parseDevice),
    labels: parsePairs(flags.label, '--label'),
    annotations: parsePairs(flags.annotation, '--annotation'),
    stdin: flags.interactive === true,
    stdin_once: flags.interactive === true && flags.detach !== true,
    tty: flags.tty === true,
    linux: { resources: resourcesOf(flags), security_context: securityOf(flags) },
  };
  const options = { ...optionsOf(flags, files), ...others };
  return { name: flags.name ?? '', config, pod: podOf(flags), options };
}

function mountsOf(flags: RunFlags): {
  mounts: NonNullable<Draft<ContainerConfig>['mounts']>;
  tmpfs: NonNullable<Draft<RunOptions>['tmpfs']>;
  volumes: NonNullable<Draft<RunOptions>['volumes']>;
} {
  const parsed = [...flags.volume.map(parseVolume), ...flags.mount.map(parseMount)];
  return {
    mounts: parsed.flatMap(({ mount }) => mount ?? []),
    tmpfs: [...flags.tmpfs.map(parseTmpfs), ...parsed.flatMap(({ tmpfs }) => tmpfs ?? [])],
    volumes: parsed.flatMap(({ volume }) => volume ?? []),
  };
}

/** The limits that the CRI's message has; also those of `update`. */
export function resourcesOf(flags: Partial<RunFlags>): Draft<LinuxContainerResources> {
  const { cpus, cpuPeriod, cpuQuota } = flags;
  if (cpus !== undefined && (cpuPeriod !== undefined || cpuQuota !== undefined)) {
    throw new DomainError('invalid', '--cpus and --cpu-period or --cpu-quota exclude each other');
  }
  return {
    cpu_period: cpus === undefined ? whole(cpuPeriod, '--cpu-period') : 100_000,
    cpu_quota: cpus === undefined ? whole(cpuQuota, '--cpu-quota', -1) : quotaOf(cpus),
    cpu_shares: whole(flags.cpuShares, '--cpu-shares'),
    cpuset_cpus: flags.cpusetCpus ?? '',
    cpuset_mems: flags.cpusetMems ?? '',
    memory_limit_in_bytes: flags.memory === undefined ? 0 : parseLimit(flags.memory, '--memory'),
    memory_swap_limit_in_bytes: swapOf(flags),
    oom_score_adj: oomScoreOf(flags.oomScoreAdj),
    unified: blockIoOf(flags),
  };
}

/** Zero, "not given", where there is none. */
function whole(text: string | undefined, flag: string, minimum = 0): number {
  return text === undefined ? 0 : parseWhole(text, flag, minimum);
}

function quotaOf(cpus: string): number {
  const number = Number(cpus);
  if (/^\d+(\.\d+)?$/.test(cpus) && number >= 0.01 && number <= 8192) {
    return Math.round(number * 100_000);
  }
  throw new DomainError('invalid', `Invalid number of processors "${cpus}" for --cpus`);
}

function swapOf({ memory, memorySwap }: Partial<RunFlags>): number {
  if (memorySwap === undefined) return 0;
  const swap = parseLimit(memorySwap, '--memory-swap');
  if (memory === undefined) throw new DomainError('invalid', '--memory-swap needs --memory');
  if (swap >= 0 && swap < parseSize(memory, '--memory')) {
    throw new DomainError(
      'invalid',
      '--memory-swap is memory and swap together, so above --memory',
    );
  }
  return swap;
}

function oomScoreOf(text: string | undefined): number {
  const score = text === undefined ? 0 : parseWhole(text, '--oom-score-adj', -1000);
  if (score <= 1000) return score;
  throw new DomainError('invalid', '--oom-score-adj is between -1000 and 1000');
}

function securityOf(flags: RunFlags): Draft<LinuxContainerSecurityContext> {
  const seccomp = flags.securityOpt.find((option) => option.startsWith('seccomp='));
  for (const option of flags.securityOpt) checkSecurityOption(option);
  return {
    capabilities: { add_capabilities: flags.capAdd, drop_capabilities: flags.capDrop },
    privileged: flags.privileged === true,
    readonly_rootfs: flags.readOnly === true,
    no_new_privs: flags.securityOpt.some((option) => /^no-new-privileges([:=]true)?$/.test(option)),
    namespace_options: namespacesOf(flags),
    ...(seccomp === undefined ? {} : { seccomp: { profile_type: profileType(seccomp) } }),
  };
}

function checkSecurityOption(option: string): void {
  if (/^(seccomp=.+|no-new-privileges([:=](true|false))?)$/.test(option)) return;
  throw new DomainError(
    'unsupported',
    `Security option "${option}": seccomp=unconfined|FILE and no-new-privileges are supported`,
  );
}

function profileType(option: string): number {
  if (option === 'seccomp=unconfined') return ProfileType.Unconfined;
  return option === 'seccomp=builtin' ? ProfileType.RuntimeDefault : ProfileType.Localhost;
}

function namespacesOf(flags: RunFlags): Draft<NamespaceOption> {
  const { pid = '', ipc = '' } = flags;
  checkMode('--pid', pid, /^(|private|host|container:.+)$/);
  checkMode('--ipc', ipc, /^(|private|host|container:.+)$/);
  checkMode('--uts', flags.uts ?? '', /^(|host)$/);
  checkMode('--cgroupns', flags.cgroupns ?? '', /^(|private|host)$/);
  return {
    network: networkOf(flags) === 'host' ? NamespaceMode.NODE : NamespaceMode.POD,
    pid: pid === 'host' ? NamespaceMode.NODE : NamespaceMode.CONTAINER,
    ipc: ipc === 'host' ? NamespaceMode.NODE : NamespaceMode.POD,
    ...userNamespace(flags.userns ?? ''),
  };
}

/** Ports are published on a network of the pod's own. */
function networkOf({ network, publish }: RunFlags): string {
  if (publish.length === 0) return network ?? 'none';
  if (network === undefined || network === 'pod') return 'pod';
  throw new DomainError('invalid', `Ports are published on --network pod, not on "${network}"`);
}

function checkMode(flag: string, mode: string, allowed: RegExp): void {
  if (allowed.test(mode)) return;
  throw new DomainError('unsupported', `Unknown mode "${mode}" for ${flag}`);
}

/** `HOSTID:LENGTH`: the container's ids from 0 on are the host's from HOSTID on. */
function userNamespace(mode: string): Pick<Draft<NamespaceOption>, 'userns_options'> {
  if (mode === '' || mode === 'host') return {};
  const [, host, length] = /^(\d+):(\d+)$/.exec(mode) ?? [];
  if (host === undefined || length === undefined) {
    throw new DomainError('invalid', `Unknown mode "${mode}" for --userns: host or HOSTID:LENGTH`);
  }
  const mapping = { container_id: 0, host_id: Number(host), length: Number(length) };
  return { userns_options: { mode: NamespaceMode.POD, uids: [mapping], gids: [mapping] } };
}

function podOf(flags: RunFlags): Draft<PodSandboxConfig> {
  const { dns, dnsSearch, dnsOption } = flags;
  const own = dns.length + dnsSearch.length + dnsOption.length > 0;
  return {
    hostname: flags.hostname ?? '',
    port_mappings: flags.publish.flatMap(parsePublish),
    ...(own ? { dns_config: { servers: dns, searches: dnsSearch, options: dnsOption } } : {}),
    linux: {
      cgroup_parent: flags.cgroupParent ?? '',
      sysctls: parsePairs(flags.sysctl, '--sysctl'),
      security_context: { namespace_options: namespacesOf(flags) },
    },
  };
}

function optionsOf(flags: RunFlags, files: RunFiles): Draft<RunOptions> {
  return {
    rlimits: flags.ulimit.map(parseUlimit),
    restart: parseRestart(flags.restart),
    domainname: flags.domainname ?? '',
    remove: flags.rm === true,
    init: flags.init === true,
    stop_timeout_seconds: optionalWhole(flags.stopTimeout, '--stop-timeout', 0),
    stop_signal: flags.stopSignal ?? '',
    user: flags.user ?? '',
    groups: flags.groupAdd,
    pull: flags.pull,
    platform: flags.platform ?? '',
    ...(files.seccomp === undefined ? {} : { seccomp: files.seccomp }),
    pids_limit: optionalWhole(flags.pidsLimit, '--pids-limit', -1),
    memory_reservation_bytes:
      flags.memoryReservation === undefined
        ? 0
        : parseSize(flags.memoryReservation, '--memory-reservation'),
    network: networkOf(flags),
    host_uts: flags.uts === 'host',
    host_cgroup_namespace: flags.cgroupns === 'host',
    pid_container: containerOf(flags.pid),
    ipc_container: containerOf(flags.ipc),
    clear_entrypoint: flags.entrypoint === '',
    shm_bytes: flags.shmSize === undefined ? 0 : parseSize(flags.shmSize, '--shm-size'),
  };
}

/** `container:NAME`. */
function containerOf(mode: string | undefined): string {
  return mode?.startsWith('container:') === true ? mode.slice('container:'.length) : '';
}

function optionalWhole(
  text: string | undefined,
  flag: string,
  minimum: number,
): number | undefined {
  return text === undefined ? undefined : parseWhole(text, flag, minimum);
}

/** `on-failure:3`. */
export function parseRestart(text: string): { name: string; maximum_retries: number } {
  const [, name = '', retries] =
    /^(no|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text) ?? [];
  if (name === '' || (retries !== undefined && name !== 'on-failure')) {
    throw new DomainError(
      'invalid',
      `Invalid restart policy "${text}": no, on-failure[:N], always or unless-stopped`,
    );
  }
  return { name, maximum_retries: Number(retries ?? 0) };
}

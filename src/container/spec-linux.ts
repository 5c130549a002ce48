/** The `linux` section of the OCI runtime specification 1.3 (config-linux.md). */
import type { IdMapping } from './spec.ts';

export interface Linux {
  readonly namespaces?: readonly NamespaceSpec[];
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  readonly timeOffsets?: Readonly<
    Record<string, { readonly secs?: number; readonly nanosecs?: number }>
  >;
  readonly devices?: readonly Device[];
  readonly netDevices?: Readonly<Record<string, { readonly name?: string }>>;
  readonly cgroupsPath?: string;
  readonly resources?: Resources;
  readonly rootfsPropagation?: 'shared' | 'slave' | 'private' | 'unbindable';
  readonly seccomp?: Seccomp;
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly mountLabel?: string;
  readonly personality?: { readonly domain: string; readonly flags?: readonly string[] };
  readonly memoryPolicy?: {
    readonly mode: string;
    readonly nodes?: string;
    readonly flags?: readonly string[];
  };
}

export type NamespaceType =
  'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time';

/** Without a path the namespace is made; with one it is joined. */
export interface NamespaceSpec {
  readonly type: NamespaceType;
  readonly path?: string;
}

/** Type: c or u (character), b (block), p (fifo). */
export interface Device {
  readonly type: string;
  readonly path: string;
  readonly major?: number;
  readonly minor?: number;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface DeviceRule {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  /** Letters of r, w and m. */
  readonly access?: string;
}

/** Times in microseconds, sizes in bytes, -1 for no limit, as the specification has them. */
export interface Resources {
  readonly unified?: Readonly<Record<string, string>>;
  readonly devices?: readonly DeviceRule[];
  readonly pids?: { readonly limit: number };
  readonly memory?: MemoryResources;
  readonly cpu?: CpuResources;
  readonly blockIO?: BlockIoResources;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  readonly rdma?: Readonly<
    Record<string, { readonly hcaHandles?: number; readonly hcaObjects?: number }>
  >;
}

export interface MemoryResources {
  readonly limit?: number;
  readonly reservation?: number;
  /** Memory and swap together. */
  readonly swap?: number;
  readonly disableOOMKiller?: boolean;
  readonly checkBeforeUpdate?: boolean;
}

export interface CpuResources {
  readonly shares?: number;
  readonly quota?: number;
  readonly burst?: number;
  readonly period?: number;
  readonly cpus?: string;
  readonly mems?: string;
  readonly idle?: number;
}

export interface BlockIoResources {
  readonly weight?: number;
  readonly leafWeight?: number;
  readonly weightDevice?: readonly {
    readonly major: number;
    readonly minor: number;
    readonly weight?: number;
  }[];
  readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
  readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
  readonly throttleWriteIOPSDevice?: readonly ThrottleDevice[];
}

export interface ThrottleDevice {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}

/** The document that libseccomp compiles; Docker's files have more and are reduced to it. */
export interface Seccomp {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly SeccompRule[];
}

export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: string;
  }[];
}

/** What the steps of a plan are told, beyond a few words and numbers. */

export interface FilesystemMount {
  /** MOUNT_ATTR_* */
  readonly attributes: number;
  readonly options: readonly (readonly [key: string, value: string | undefined])[];
}

export interface OverlayMount {
  readonly folder: string;
  readonly layers: readonly string[];
  readonly upper?: string;
  readonly work?: string;
  /** The files' owners are mapped by this user namespace. */
  readonly userNamespaceSlot?: number;
}

export interface MountChange {
  readonly recursive?: boolean;
  /** MOUNT_ATTR_* */
  readonly set?: number;
  readonly clear?: number;
  /** MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE */
  readonly propagation?: number;
  /** An idmapped mount, by the maps of this user namespace. */
  readonly userNamespaceSlot?: number;
}

export interface Owner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SchedulerValues {
  readonly policy: number;
  readonly flags: number;
  readonly nice: number;
  readonly priority: number;
  readonly runtime: number;
  readonly deadline: number;
  readonly period: number;
}

export interface CapabilityMasks {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

export interface SeccompListener {
  /** A connected stream socket. */
  readonly slot: number;
  /** The container process state, which has the pid in two places. */
  readonly stateAroundPids: readonly [before: string, between: string, after: string];
}

export interface HookProgram {
  readonly path: string;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly before: string;
  readonly after: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

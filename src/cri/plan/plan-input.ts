import type { ImagePlace } from '../../container/read-image-file.ts';
import type { SeccompDocument } from '../../container/seccomp-document.ts';
import type { Device, Seccomp } from '../../container/spec-linux.ts';
import type { ImageConfig } from '../../image/image.ts';
import type { PodSandboxStatus } from '../../sandbox/sandbox-service.ts';
import type { RunOptions, VolumeMount } from '../generated/keelson.ts';
import type { ContainerConfig, PodSandboxConfig } from '../generated/runtime.ts';

/** What the machine offers, found out once at start. */
export interface Machine {
  /** All that the kernel has, and those that this process may give away; CAP_CHOWN. */
  readonly knownCapabilities: readonly string[];
  readonly ownCapabilities: readonly string[];
  /** The profile behind "runtime/default", which depends on what the container may do. */
  readonly seccomp: (capabilities: readonly string[]) => Seccomp;
  readonly appArmor: boolean;
  /** What asks for less gets this: -1000 where all is to be done as asked, or to fail. */
  readonly leastOomScore: number;
}

export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** Without the primary group. */
  readonly additionalGids: readonly number[];
  readonly home: string;
}

/** What image volumes lead to, by their place in the container. */
export type ImageVolumes = ReadonlyMap<string, ImagePlace>;

/** What had to be looked up for one container: on the host, and in its image. */
export interface ContainerFacts {
  readonly user: ResolvedUser;
  /** The real paths of the mounts' sources, by the path that was asked for. */
  readonly sources: ReadonlyMap<string, string>;
  /** What image volumes lead to, by `container_path`. */
  readonly volumes: ImageVolumes;
  /** Where the volumes' files lie. */
  readonly storage?: readonly { readonly mount: VolumeMount; readonly source: string }[];
  /** Devices of the request (or all of the host's, when privileged), with the rights on them. */
  readonly devices: readonly { readonly device: Device; readonly access: string }[];
  /** The seccomp document of a Localhost profile. */
  readonly seccomp?: SeccompDocument;
  /** The PID namespace that NamespaceMode TARGET, or another container, names. */
  readonly pidNamespace?: string;
  readonly ipcNamespace?: string;
  /** The /dev/shm that goes with it, where it is another container's. */
  readonly shm?: string;
}

/** All that a container's specification is made from. */
export interface PlanInput {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly pod: PodSandboxConfig;
  readonly sandbox: PodSandboxStatus;
  readonly image: ImageConfig;
  readonly facts: ContainerFacts;
  readonly machine: Machine;
  readonly cgroupPath: string;
  /** Only for containers of the command line, which get safe defaults where the CRI has none. */
  readonly options?: RunOptions;
}

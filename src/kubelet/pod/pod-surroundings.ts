import type { Service } from '../../api/types/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { ImagePuller } from '../image/image-puller.ts';
import type { NodeState } from '../node/node-state.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import type { ApiObjects } from '../source/api-objects.ts';
import type { PodVolumes } from '../volume/pod-volumes.ts';
import type { PodCgroups } from './pod-cgroups.ts';
import type { PodEvents } from './pod-events.ts';
import type { NodeBounds } from './qos.ts';
import type { SandboxSettings } from './sandbox-config.ts';
import type { SecuritySettings } from './security-context.ts';
import type { StatusWriter } from './status-writer.ts';
import type { UserNamespaces } from './user-namespaces.ts';

/** Where pods live: what their workers have in common. */
export interface PodSurroundings {
  readonly runtime: ContainerRuntime;
  /** `keelson`, `containerd`. */
  readonly runtimeName: string;
  readonly volumes: PodVolumes;
  readonly node: NodeState;
  readonly images: ImagePuller;
  readonly objects: ApiObjects;
  readonly services: () => readonly Service[];
  readonly cgroups: PodCgroups;
  readonly users: UserNamespaces;
  readonly events: PodEvents;
  readonly statuses: StatusWriter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bounds: NodeBounds;
  readonly settings: PodSettings;
}

export interface PodSettings extends SandboxSettings, SecuritySettings {
  /** The kubelet's state: a pod's own files lie in `pods/UID`. */
  readonly root: string;
  /** Where other programs look for containers' output; empty for nowhere. */
  readonly logLinks: string;
  /** `allowedUnsafeSysctls` */
  readonly allowedSysctls: readonly string[];
}

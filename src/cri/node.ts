import type { KeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { ContainerEngine } from '../container/container-engine.ts';
import type { ImageService } from '../image/image-service.ts';
import type { PodNetwork } from '../sandbox/pod-network.ts';
import type { PodSandboxes } from '../sandbox/sandbox-service.ts';
import type { ContainerRecord, PodRecord } from './container/container-record.ts';
import type { CpuSampler } from './statistics/cpu-sampler.ts';
import type { EventFeed } from './event-feed.ts';
import type { LayerUse } from './image/layer-use.ts';
import type { RuntimeMetrics } from './monitor/metrics.ts';
import type { Machine } from './plan/plan-input.ts';
import type { RecordStore } from './record-store.ts';
import type { RuntimeHandlers } from './runtime-handlers.ts';
import type { NetworkReader, StatisticsReader } from './statistics/statistics.ts';
import type { StreamingServer } from './streaming/server.ts';
import type { VolumeStore } from './volume/volume-store.ts';

/** Everything the services stand on; made once by openRuntime. */
export interface Node {
  readonly engine: ContainerEngine;
  readonly sandboxes: PodSandboxes;
  /** What pods with a network of their own are attached to. */
  readonly network: PodNetwork;
  readonly images: ImageService;
  readonly statistics: StatisticsReader;
  readonly interfaces: NetworkReader;
  readonly sampler: CpuSampler;
  readonly layerUse: LayerUse;
  readonly streaming: StreamingServer;
  readonly machine: Machine;
  /** By name; the built-in one is not among them. */
  readonly handlers: RuntimeHandlers;
  readonly setHandlers: (handlers: RuntimeHandlers) => void;
  readonly containers: RecordStore<ContainerRecord>;
  readonly pods: RecordStore<PodRecord>;
  readonly volumes: VolumeStore;
  /** By container id and by pod id: what changes one waits for what changes it already. */
  readonly locks: KeyedLock;
  readonly events: EventFeed;
  /** Containers whose end somebody waits for, who then removes them if they are to be removed. */
  readonly attended: Set<string>;
  readonly metrics: RuntimeMetrics;
  readonly log: Logger;
  readonly settings: NodeSettings;
}

export interface NodeSettings {
  /** Below the cgroup hierarchy; pods without a parent of their own go here. */
  readonly cgroupParent: string;
  /** cgroupfs by default. */
  readonly cgroupDriver?: 'cgroupfs' | 'systemd';
  readonly rootFolder: string;
  readonly stateFolder: string;
  readonly version: string;
}

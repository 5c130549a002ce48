import type { ContainerStatus } from '../../container/container-engine.ts';
import type { Digest, ImageConfig } from '../../image/image.ts';
import { decode, encode } from '../../grpc/codec.ts';
import { RunOptions } from '../generated/keelson.ts';
import { ContainerConfig, PodSandboxConfig } from '../generated/runtime.ts';
import type { ResolvedUser } from '../plan/plan-input.ts';
import type { NamedRecord, RecordKind } from '../record-store.ts';
import { isDomainError } from '../../base/error.ts';
import { hasShape, isListOf } from '../../base/shape.ts';

/** Who a pod or container belongs to: a kubelet (or crictl), or a person with the command line. */
export type Owner = 'cri' | 'cli';

/** What the engine does not know of a container; on disk before the engine hears of it. */
export interface ContainerRecord extends NamedRecord {
  readonly owner: Owner;
  readonly podId: string;
  readonly createdAtMs: number;
  /** As {@link ContainerConfig} on the wire, in base64: environments are bytes. */
  readonly config: string;
  /** {@link RunOptions} likewise; empty for the CRI's containers. */
  readonly options: string;
  /** As it was asked for. */
  readonly imageName: string;
  readonly imageId: Digest;
  readonly user: ResolvedUser;
  readonly stopSignal: string;
  readonly logPath: string;
  readonly restart: { readonly name: string; readonly maximumRetries: number };
  readonly restartCount: number;
  /** Stopped by request: `unless-stopped` and `always` leave it alone until it is started again. */
  readonly stopped: boolean;
  /** Its processes come from a checkpoint. */
  readonly restored?: boolean;
  /** Of the run before, while the engine has none: between two runs, and after a reboot. */
  readonly last?: ContainerStatus;
}

export const containerKind: RecordKind<ContainerRecord> = {
  standIn: damagedContainer,
  isSound: (record) =>
    hasShape(record, containerShape) &&
    isOwner(record.owner) &&
    hasShape(record.restart, { name: 'string', maximumRetries: 'number' }) &&
    hasShape(record.user, { uid: 'number', gid: 'number' }) &&
    isListOf(record.user.additionalGids, 'number') &&
    (record.last === undefined || hasShape(record.last, lastShape)) &&
    isDecoded(() => [configOf(record), optionsOf(record)]),
};

const containerShape = {
  owner: 'string',
  podId: 'string',
  createdAtMs: 'number',
  config: 'string',
  options: 'string',
  imageName: 'string',
  imageId: 'string',
  user: 'object',
  stopSignal: 'string',
  logPath: 'string',
  restart: 'object',
} as const;

const lastShape = {
  state: 'string',
  createdAtMs: 'number',
  startedAtMs: 'number',
  finishedAtMs: 'number',
  exitCode: 'number',
} as const;

export const podKind: RecordKind<PodRecord> = {
  standIn: damagedPod,
  isSound: (record) =>
    hasShape(record, podShape) && isOwner(record.owner) && isDecoded(() => podConfigOf(record)),
};

const podShape = {
  owner: 'string',
  createdAtMs: 'number',
  config: 'string',
  runtimeHandler: 'string',
} as const;

function isOwner(word: string): boolean {
  return word === 'cri' || word === 'cli';
}

/** What is decoded here is kept for the lists to come. */
function isDecoded(decodeAll: () => unknown): boolean {
  try {
    decodeAll();
    return true;
  } catch (error) {
    if (isDomainError(error, 'invalid')) return false;
    throw error;
  }
}

/** In place of a container's record that cannot be read; removing it removes the container. */
function damagedContainer(id: string): ContainerRecord {
  return {
    id,
    name: '',
    damaged: true,
    owner: 'cri',
    podId: '',
    createdAtMs: 0,
    // Clients read the name without asking whether there is one.
    config: encode(ContainerConfig, { metadata: { name: id } }).toString('base64'),
    options: '',
    imageName: '',
    imageId: `sha256:${'0'.repeat(64)}`,
    user: { uid: 0, gid: 0, additionalGids: [], home: '/' },
    stopSignal: 'SIGTERM',
    logPath: '',
    restart: { name: 'no', maximumRetries: 0 },
    restartCount: 0,
    stopped: false,
  };
}

/** In place of a pod's record that cannot be read. */
export function damagedPod(id: string): PodRecord {
  return {
    id,
    name: '',
    damaged: true,
    owner: 'cri',
    createdAtMs: 0,
    config: encode(PodSandboxConfig, { metadata: { name: id, uid: id } }).toString('base64'),
    runtimeHandler: '',
  };
}

export interface PodRecord extends NamedRecord {
  readonly owner: Owner;
  readonly createdAtMs: number;
  /** As {@link PodSandboxConfig} on the wire, in base64. */
  readonly config: string;
  readonly runtimeHandler: string;
}

export function configOf(record: ContainerRecord): ContainerConfig {
  return once(configs, record, () => decode(ContainerConfig, bytes(record.config)));
}

export function optionsOf(record: ContainerRecord): RunOptions | undefined {
  if (record.owner === 'cri') return undefined;
  return once(options, record, () => decode(RunOptions, bytes(record.options)));
}

export function podConfigOf(record: PodRecord): PodSandboxConfig {
  return once(podConfigs, record, () => decode(PodSandboxConfig, bytes(record.config)));
}

/** Decoded once for each record: a kubelet lists all of them every second. */
const configs = new WeakMap<ContainerRecord, ContainerConfig>();
const options = new WeakMap<ContainerRecord, RunOptions>();
const podConfigs = new WeakMap<PodRecord, PodSandboxConfig>();

function once<Key extends object, Value>(
  known: WeakMap<Key, Value>,
  key: Key,
  make: () => Value,
): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const value = make();
  known.set(key, value);
  return value;
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

export function textOfConfig(config: ContainerConfig): string {
  return encode(ContainerConfig, config).toString('base64');
}

export function textOfOptions(options: RunOptions): string {
  return encode(RunOptions, options).toString('base64');
}

export function textOfPodConfig(config: PodSandboxConfig): string {
  return encode(PodSandboxConfig, config).toString('base64');
}

/** What the image says of stopping, after what the request says. */
export function imageStopSignal(image: ImageConfig): string {
  return image.stopSignal === '' ? 'SIGTERM' : image.stopSignal;
}

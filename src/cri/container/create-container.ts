import { randomBytes } from 'node:crypto';
import { lstat, rm } from 'node:fs/promises';
import { DomainError, isDomainError } from '../../base/error.ts';
import { SpanRecorder } from '../../base/span.ts';
import type { ContainerRequest } from '../../container/container-engine.ts';
import type { Image } from '../../image/image.ts';
import type { Snapshot } from '../../image/snapshot.ts';
import type { ContainerRestoration } from '../checkpoint/container-restoration.ts';
import { containerCgroup, podCgroup } from '../plan/cgroup-path.ts';
import {
  configOf,
  type ContainerRecord,
  imageStopSignal,
  optionsOf,
  type Owner,
  podConfigOf,
  textOfConfig,
  textOfOptions,
} from './container-record.ts';
import { gatherFacts } from '../gather-facts.ts';
import type { RunOptions } from '../generated/keelson.ts';
import type { ContainerConfig } from '../generated/runtime.ts';
import { provideImageVolumes, releaseImageVolumes } from '../image/image-volume.ts';
import type { ImageVolumes } from '../plan/plan-input.ts';
import type { Node } from '../node.ts';
import { handlerNamed } from '../runtime-handlers.ts';
import { planContainer } from '../plan/plan-container.ts';
import { signalName, signalOfCri } from '../plan/stop-signal.ts';
import { withVolumes } from '../volume/volumes.ts';

export interface CreateOrder {
  readonly id?: string;
  readonly owner: Owner;
  readonly name: string;
  readonly podId: string;
  readonly image: Image;
  readonly imageName: string;
  readonly config: ContainerConfig;
  /** Only for the command line's containers. */
  readonly options?: RunOptions;
  readonly logPath: (folder: string) => string;
  readonly spans?: SpanRecorder;
  /** Its files and processes come from a checkpoint. */
  readonly restoration?: ContainerRestoration;
}

/** Makes a container that waits to be started; on failure nothing of it stays. */
export async function createContainer(node: Node, order: CreateOrder): Promise<ContainerRecord> {
  const id = order.id ?? randomBytes(32).toString('hex');
  const spans = order.spans ?? new SpanRecorder(false);
  node.containers.checkName(order.name);
  await using undo = new AsyncDisposableStack();
  const snapshot = await spans.step('snapshot', () =>
    node.images.createSnapshot(order.image.id, id),
  );
  undo.defer(() => node.images.releaseSnapshot(id));
  undo.defer(() => releaseImageVolumes(node, id));
  const { restoration } = order;
  restoration?.checkImage(order.image);
  await restoration?.fill(snapshot.upper);
  const { config, volumes } = await provideImageVolumes(node, id, order.config);
  const { record, request } = await spans.step('plan', () =>
    plan(node, { order: { ...order, config }, id, snapshot, volumes }),
  );
  restoration?.checkSpec(request.spec);
  await spans.step('record', () => node.containers.add(record));
  undo.defer(() => node.containers.remove(id));
  undo.defer(() => removeEmpty(record.logPath));
  if (spans.on) node.engine.traceSteps(id, (marks) => spans.addMarks(marks));
  const restore = restoration && { restore: restoration.source(imagesOf(node, id)) };
  await spans.step('create', () =>
    withVolumes(node, { record, again: false }, (fills) =>
      node.engine.create({ ...request, fills, ...restore }),
    ),
  );
  undo.move();
  return record;
}

/** A kubelet counts the logs in a container's folder as attempts that ran. */
async function removeEmpty(logPath: string): Promise<void> {
  const found = await lstat(logPath).catch(() => undefined);
  if (found?.isFile() === true && found.size === 0) await rm(logPath, { force: true });
}

/** criu's images of one that is to be restored, until it is started. */
export function imagesOf(node: Node, id: string): string {
  return `${node.containers.folderOf(id)}/checkpoint`;
}

interface PlanRequest {
  readonly order: CreateOrder;
  readonly id: string;
  readonly snapshot: Snapshot;
  readonly volumes: ImageVolumes;
}

async function plan(
  node: Node,
  { order, id, snapshot, volumes }: PlanRequest,
): Promise<{ record: ContainerRecord; request: ContainerRequest }> {
  const { config, options, podId, image } = order;
  const imageUser = image.config.user;
  const facts = await gatherFacts(node, {
    config,
    options,
    podId,
    snapshot,
    imageUser,
    volumes,
  });
  const pod = node.pods.get(podId);
  const podConfig = podConfigOf(pod);
  const podPath = podCgroup(
    podConfig.linux?.cgroup_parent ?? '',
    podId,
    node.settings.cgroupParent,
  );
  const cgroupPath = containerCgroup(podPath, id);
  const sandbox = node.sandboxes.status(podId);
  const spec = planContainer({
    id,
    config,
    pod: { ...podConfig, hostname: sandbox.request?.hostname ?? podConfig.hostname },
    sandbox,
    image: image.config,
    facts,
    machine: node.machine,
    cgroupPath,
    ...(options === undefined ? {} : { options }),
  });
  const logPath = order.logPath(node.containers.folderOf(id));
  const record: ContainerRecord = {
    id,
    name: order.name,
    owner: order.owner,
    podId,
    createdAtMs: Date.now(),
    config: textOfConfig(config),
    options: options === undefined ? '' : textOfOptions(options),
    imageName: order.imageName,
    imageId: image.id,
    user: facts.user,
    stopSignal: stopSignalOf(order),
    logPath,
    restart: {
      name: options?.restart?.name ?? 'no',
      maximumRetries: options?.restart?.maximum_retries ?? 0,
    },
    restartCount: 0,
    stopped: false,
    ...(order.restoration && { restored: true }),
  };
  const { binary: runtime } = handlerNamed(node.handlers, pod.runtimeHandler) ?? {};
  const parts = { config, spec, snapshot, cgroupPath, ...(runtime && { runtime }) };
  return { record, request: requestOf(record, parts) };
}

function requestOf(
  record: ContainerRecord,
  parts: Pick<ContainerRequest, 'spec' | 'snapshot' | 'cgroupPath' | 'runtime'> & {
    readonly config: ContainerConfig;
  },
): ContainerRequest {
  const { config, ...rest } = parts;
  return {
    id: record.id,
    podId: record.podId,
    ...rest,
    stdin: config.stdin ? (config.stdin_once ? 'once' : 'open') : 'none',
    ...(optionsOf(record)?.init === true ? { init: true } : {}),
    ...(record.logPath === '' ? {} : { logPath: record.logPath }),
  };
}

/** The request's, then the image's, then SIGTERM; a name that does not exist is refused here. */
function stopSignalOf({ config, options, image }: CreateOrder): string {
  const own = options?.stop_signal ?? '';
  return signalName(
    own !== '' ? own : (signalOfCri(config.stop_signal) ?? imageStopSignal(image.config)),
  );
}

/**
 * Makes it again after it ended, with the same id and files: by the specification that the engine
 * has, updates included, or, after a reboot, by a new plan of the same request.
 */
export async function recreateContainer(node: Node, record: ContainerRecord): Promise<void> {
  const snapshot = node.images.findSnapshot(record.id);
  if (snapshot === undefined) {
    throw new DomainError('conflict', `The files of container "${record.name}" are gone`);
  }
  const request = await requestAgain(node, { record, snapshot });
  await node.engine.remove(record.id);
  await withVolumes(node, { record, again: true }, (fills) =>
    node.engine.create({ ...request, fills }),
  );
}

async function requestAgain(
  node: Node,
  { record, snapshot }: { record: ContainerRecord; snapshot: Snapshot },
): Promise<ContainerRequest> {
  const config = configOf(record);
  try {
    const spec = node.engine.spec(record.id);
    const cgroupPath = spec.linux?.cgroupsPath ?? '';
    return requestOf(record, { config, spec, cgroupPath, snapshot });
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
  const image = node.images.find(record.imageId);
  if (image === undefined) throw new DomainError('notFound', `No such image: ${record.imageName}`);
  const { options: _, ...rest } = record;
  const options = optionsOf(record);
  const order: CreateOrder = {
    ...rest,
    image,
    config,
    ...(options === undefined ? {} : { options }),
    logPath: () => record.logPath,
  };
  return (await plan(node, { order, id: record.id, snapshot, volumes: new Map() })).request;
}

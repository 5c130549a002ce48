import { randomBytes } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import type { ContainerConfig, PodSandboxConfig, RestorePodRequest } from '../generated/runtime.ts';
import { createFromConfig } from '../container/cri-containers.ts';
import type { Node } from '../node.ts';
import { podName } from '../pod/cri-pods.ts';
import { removePod } from '../pod/pod-life.ts';
import { networkOf, runPod } from '../pod/run-pod.ts';
import { handlerNamed } from '../runtime-handlers.ts';
import { CheckpointFolder } from '../../container/checkpoint/checkpoint-folder.ts';
import { checkOptions } from './checkpoint-pod.ts';
import { ContainerRestoration } from './container-restoration.ts';
import { parsePodDocument } from './pod-document.ts';

export interface RestoredPod {
  readonly podId: string;
  readonly containers: readonly { readonly name: string; readonly id: string }[];
}

/**
 * A pod of a checkpoint: its containers are created, and get their processes back when they are
 * started. All or nothing; the checkpoint is only read.
 */
export async function restorePod(
  node: Node,
  request: RestorePodRequest,
  signal: AbortSignal,
): Promise<RestoredPod> {
  checkOptions(request.options);
  const { config, container_configs, runtime_handler } = request;
  if (config?.metadata === undefined) {
    throw new DomainError('invalid', 'A pod needs a config with metadata');
  }
  if (handlerNamed(node.handlers, runtime_handler)?.binary !== undefined) {
    throw new DomainError('unsupported', `Handler "${runtime_handler}" cannot restore checkpoints`);
  }
  using checkpoint = CheckpointFolder.open(request.checkpoint_path);
  const { containers } = parsePodDocument(checkpoint.document('pod.options'));
  const folders = foldersOf(container_configs, containers);
  const podId = randomBytes(32).toString('hex');
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    if (node.pods.has(podId)) await removePod(node, node.pods.get(podId));
  });
  const network = networkOf(config);
  const pod = {
    id: podId,
    name: podName(config),
    config,
    runtimeHandler: runtime_handler,
    network,
  };
  await runPod(node, { ...pod, owner: 'cri' }, signal);
  const restored = [];
  for (const [container, folder] of folders) {
    signal.throwIfAborted();
    using source = checkpoint.child(folder);
    const restoration = new ContainerRestoration(source);
    const id = await restoreContainer(node, { podId, config, container, restoration });
    restored.push({ name: container.metadata?.name ?? '', id });
  }
  signal.throwIfAborted();
  undo.move();
  return { podId, containers: restored };
}

async function restoreContainer(
  node: Node,
  order: {
    readonly podId: string;
    readonly config: PodSandboxConfig;
    readonly container: ContainerConfig;
    readonly restoration: ContainerRestoration;
  },
): Promise<string> {
  const { podId, config, container, restoration } = order;
  const request = { pod_sandbox_id: podId, sandbox_config: config, config: container };
  return await createFromConfig(node, request, restoration);
}

/** Each request's folder, where the names are exactly the checkpoint's. */
function foldersOf(
  configs: readonly ContainerConfig[],
  containers: Readonly<Record<string, string>>,
): readonly (readonly [ContainerConfig, string])[] {
  const folders = new Map(Object.entries(containers));
  const pairs = configs.map((config) => {
    const name = config.metadata?.name ?? '';
    const folder = folders.get(name);
    if (folder === undefined) {
      throw new DomainError('invalid', `The checkpoint has no further container "${name}"`);
    }
    folders.delete(name);
    return [config, folder] as const;
  });
  const [missing] = folders.keys();
  if (missing !== undefined || pairs.length === 0) {
    throw new DomainError('invalid', `container_configs has no "${missing ?? ''}"`);
  }
  return pairs;
}

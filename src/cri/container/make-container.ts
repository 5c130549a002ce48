import { randomBytes } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import type { SpanRecorder } from '../../base/span.ts';
import type { Image } from '../../image/image.ts';
import { decode } from '../../grpc/codec.ts';
import { checkContainerName, makeUpName } from './container-name.ts';
import type { ContainerRecord } from './container-record.ts';
import { createContainer } from './create-container.ts';
import { type CreateRequest, RunOptions } from '../generated/keelson.ts';
import { ContainerConfig, PodSandboxConfig } from '../generated/runtime.ts';
import type { Node } from '../node.ts';
import { networkMode, runPod } from '../pod/run-pod.ts';
import { planVolumes } from '../volume/volumes.ts';

const restartPolicies = ['', 'no', 'on-failure', 'always', 'unless-stopped'];

/** A container of the command line, in a pod of its own; on failure nothing of it stays. */
export async function makeContainer(
  node: Node,
  request: CreateRequest,
  context: { readonly signal: AbortSignal; readonly spans: SpanRecorder },
): Promise<{ record: ContainerRecord; warnings: readonly string[] }> {
  const { spans } = context;
  const config = request.config ?? decode(ContainerConfig, Buffer.alloc(0));
  const podConfig = request.pod ?? decode(PodSandboxConfig, Buffer.alloc(0));
  const asked = request.options ?? decode(RunOptions, Buffer.alloc(0));
  const name = chosenName(node, request.name);
  checkOptions(asked);
  const imageName = config.image?.image ?? '';
  const image = await spans.step('image', () =>
    provideImage(node, { imageName, options: asked, signal: context.signal }),
  );
  const options = { ...asked, volumes: planVolumes(image.config.volumes, config, asked) };
  const id = randomBytes(32).toString('hex');
  await using undo = new AsyncDisposableStack();
  await spans.step('pod', () =>
    runPod(node, {
      id,
      owner: 'cli',
      name: '',
      config: podConfig,
      runtimeHandler: '',
      network: networkMode(options.network),
      shmBytes: options.shm_bytes,
    }),
  );
  undo.defer(() => removeOwnPod(node, id));
  const record = await createContainer(node, {
    id,
    owner: 'cli',
    name,
    podId: id,
    image,
    imageName,
    config,
    options,
    logPath: (folder) => `${folder}/container.log`,
    spans,
  });
  undo.move();
  return { record, warnings: warningsOf(node, id) };
}

function chosenName(node: Node, name: string): string {
  const taken = (name: string): boolean =>
    node.containers.list().some((record) => record.name === name);
  if (name === '') return makeUpName(taken);
  checkContainerName(name);
  node.containers.checkName(name);
  return name;
}

function checkOptions(options: RunOptions): void {
  networkMode(options.network);
  const policy = options.restart?.name ?? '';
  if (!restartPolicies.includes(policy)) {
    throw new DomainError('invalid', `Unknown restart policy "${policy}"`);
  }
  if (options.remove && policy !== '' && policy !== 'no') {
    throw new DomainError('invalid', 'A container that is removed at its end cannot be restarted');
  }
}

/** By the pull policy: missing, always or never. */
export async function provideImage(
  node: Node,
  request: {
    readonly imageName: string;
    readonly options: Pick<RunOptions, 'pull' | 'platform'>;
    readonly signal: AbortSignal;
  },
): Promise<Image> {
  const { imageName, options, signal } = request;
  if (imageName === '') throw new DomainError('invalid', 'No image given');
  const found = options.pull === 'always' ? undefined : node.images.find(imageName);
  if (found !== undefined) return found;
  if (options.pull === 'never') throw new DomainError('notFound', `No such image: ${imageName}`);
  if (!['', 'missing', 'always'].includes(options.pull)) {
    throw new DomainError('invalid', `Unknown pull policy "${options.pull}"`);
  }
  const platform = options.platform === '' ? {} : { platform: options.platform };
  return node.images.pull(imageName, { signal, ...platform });
}

function warningsOf(node: Node, id: string): string[] {
  const { notEnforced } = node.engine.status(id);
  return notEnforced.map(
    (limit) => `The limit ${limit} is not enforced: no such cgroup controller`,
  );
}

async function removeOwnPod(node: Node, id: string): Promise<void> {
  await node.sandboxes.remove(id);
  node.pods.remove(id);
}

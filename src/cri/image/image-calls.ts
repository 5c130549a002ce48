import { DomainError } from '../../base/error.ts';
import { Wakeup } from '../../base/wakeup.ts';
import type { LayerProgress } from '../../image/image-service.ts';
import type { Image } from '../../image/image.ts';
import { credentialsOf } from './cri-images.ts';
import type {
  ImageSummary,
  Images,
  ImportInput,
  PullRequest,
  PullResponse,
} from '../generated/keelson.ts';
import type { Call, Handlers } from '../grpc/grpc-server.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { nanoseconds } from '../selection.ts';
import { chunksOf, TemporaryFolder } from '../temporary-file.ts';

/** The command line's image calls. */
export function imageCalls(node: Node): Handlers<typeof Images> {
  return { ...nameCalls(node), ...archiveCalls(node) };
}

function nameCalls(node: Node): Handlers<typeof Images> {
  return {
    Pull: (request, call) => pull(node, request, call),
    Push: async ({ image, auth }, { signal }) => {
      const credentials = credentialsOf(auth);
      const digest = await node.images.push(image, {
        signal,
        ...(credentials === undefined ? {} : { credentials }),
      });
      return { digest };
    },
    List: async () => ({ images: node.images.list().map((image) => imageSummary(node, image)) }),
    Inspect: async ({ image }) => ({
      json: Buffer.from(JSON.stringify(inspectImage(findImage(node, image)))),
    }),
    Tag: async ({ source, target }) => {
      await node.images.tag(source, target);
      const { id } = findImage(node, target);
      publish(node, 'tag', { id, name: target });
      return { id };
    },
    Remove: async ({ image, force }) => {
      const before = findImage(node, image);
      await node.images.remove(image, { force });
      const after = node.images.find(before.id);
      publish(node, after === undefined ? 'delete' : 'untag', { id: before.id, name: image });
      return {
        untagged: before.repoTags.filter((tag) => after?.repoTags.includes(tag) !== true),
        deleted: after === undefined ? [before.id] : [],
      };
    },
    History: async ({ image }) => ({
      entries: (await node.images.history(image)).map((entry) => ({
        created_at: nanoseconds(entry.createdAtMs),
        created_by: entry.createdBy,
        comment: entry.comment,
        size_bytes: entry.sizeBytes,
      })),
    }),
  };
}

/** Archives pass through a file, because both ways need it whole: sizes first, or twice. */
function archiveCalls(node: Node): Handlers<typeof Images> {
  return {
    Save: async function* ({ images, format }) {
      if (format !== 'oci' && format !== 'docker') {
        throw new DomainError('invalid', `Unknown archive format "${format}"`);
      }
      await using folder = await TemporaryFolder.make(node.settings.rootFolder);
      const path = `${folder.path}/archive.tar`;
      await node.images.save(images, { path, format });
      yield* chunksOf(path);
    },
    Load: async function* (chunks) {
      await using folder = await TemporaryFolder.make(node.settings.rootFolder);
      const path = await folder.write('archive.tar', dataOf(chunks));
      const images = await node.images.load(path);
      yield { images: images.map((image) => imageSummary(node, image)) };
    },
    Import: async function* (inputs) {
      await using folder = await TemporaryFolder.make(node.settings.rootFolder);
      const options: { name?: string; changes?: readonly string[] } = {};
      const path = await folder.write('root.tar', importData(inputs, options));
      yield { id: (await node.images.import(path, options)).id };
    },
  };
}

function publish(node: Node, action: string, { id, name }: { id: string; name: string }): void {
  node.events.publish({ type: 'image', action, id, atMs: Date.now(), attributes: { name } });
}

export function findImage(node: Node, name: string): Image {
  const image = node.images.find(name);
  if (image === undefined) throw new DomainError('notFound', `No such image: ${name}`);
  return image;
}

export function imageSummary(node: Node, image: Image): Draft<ImageSummary> {
  return {
    id: image.id,
    repo_tags: image.repoTags,
    repo_digests: image.repoDigests,
    size_bytes: image.sizeBytes,
    created_at: nanoseconds(image.createdAtMs),
    labels: image.config.labels,
    pinned: image.pinned,
    containers: node.containers.list().filter(({ imageId }) => imageId === image.id).length,
  };
}

/** Progress as it comes, newest per layer, and at the end the image. */
async function* pull(
  node: Node,
  { image, platform, auth }: PullRequest,
  { signal }: Call,
): AsyncGenerator<Draft<PullResponse>> {
  const news = new Map<string, LayerProgress>();
  const change = new Wakeup();
  const credentials = credentialsOf(auth);
  const work = node.images.pull(image, {
    signal,
    ...(platform === '' ? {} : { platform }),
    ...(credentials === undefined ? {} : { credentials }),
    onProgress: (progress) => {
      news.set(progress.digest, progress);
      change.wake();
    },
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  let done = false;
  while (!done) {
    done = await Promise.race([ended, change.wait().then(() => false)]);
    for (const progress of news.values()) yield { progress: progressMessage(progress) };
    news.clear();
  }
  const pulled = await work;
  publish(node, 'pull', { id: pulled.id, name: image });
  yield { image: imageSummary(node, pulled) };
}

function progressMessage({ digest, step, doneBytes, totalBytes }: LayerProgress): {
  digest: string;
  step: string;
  done_bytes: number;
  total_bytes: number;
} {
  return { digest, step, done_bytes: doneBytes, total_bytes: totalBytes };
}

function inspectImage(image: Image): object {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Created: new Date(image.createdAtMs).toISOString(),
    Size: image.sizeBytes,
    Os: config.os,
    Architecture: config.architecture,
    RootFS: { Type: 'layers', Layers: image.diffIds },
    Config: {
      User: config.user,
      Env: config.env,
      Entrypoint: config.entrypoint,
      Cmd: config.cmd,
      WorkingDir: config.workingDir,
      StopSignal: config.stopSignal,
      ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])),
      Volumes: Object.fromEntries(config.volumes.map((path) => [path, {}])),
      Labels: config.labels,
    },
  };
}

async function* dataOf(chunks: AsyncIterable<{ data: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for await (const { data } of chunks) yield data;
}

/** The options come with the first message; what follows is the archive. */
async function* importData(
  inputs: AsyncIterable<ImportInput>,
  into: { name?: string; changes?: readonly string[] },
): AsyncGenerator<Uint8Array> {
  for await (const { options, data } of inputs) {
    if (options !== undefined) {
      if (options.name !== '') into.name = options.name;
      into.changes = options.changes;
    }
    if (data.length > 0) yield data;
  }
}

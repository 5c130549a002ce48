import { statfs } from 'node:fs/promises';
import { DomainError, isDomainError, messageOf } from '../../base/error.ts';
import { StatusError, statusCode } from '../../grpc/status-code.ts';
import { RegistryUnavailable } from '../../image/registry/registry-error.ts';
import type { RegistryCredentials } from '../../image/image-service.ts';
import type { Image } from '../../image/image.ts';
import type {
  AuthConfig,
  FilesystemUsage,
  Image as ImageMessage,
  ImageService,
  ImageSpec,
} from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import { ImageUse } from './image-use.ts';
import { documents } from '../info.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { nanoseconds } from '../selection.ts';

/** The CRI's image calls. */
export function imageHandlers(node: Node): Handlers<typeof ImageService> {
  const use = new ImageUse(node.images);
  return {
    ListImages: async ({ filter }) => ({ images: listImages(node, filter?.image) }),
    StreamImages: async function* ({ filter }) {
      for (const image of listImages(node, filter?.image)) yield { images: [image] };
    },
    ImageStatus: async ({ image, verbose }) => {
      const found = node.images.find(nameOf(image));
      if (found === undefined) return {};
      const info = verbose ? documents({ imageSpec: { config: found.config } }) : {};
      return { image: imageMessage(found), info };
    },
    PullImage: async ({ image, auth }, { signal }) => {
      const credentials = credentialsOf(auth);
      const options = { signal, ...(credentials === undefined ? {} : { credentials }) };
      const pulled = await node.images.pull(nameOf(image), options).catch(refusePull);
      use.forget();
      return { image_ref: pulled.id };
    },
    RemoveImage: async ({ image }) => {
      const found = node.images.find(nameOf(image));
      if (found !== undefined) await removeAllTags(node, found);
      use.forget();
      return {};
    },
    ImageFsInfo: async () => {
      const [images, containers] = await Promise.all([imageUsage(node, use), layerUsage(node)]);
      return { image_filesystems: [images], container_filesystems: [containers] };
    },
  };
}

/** A kubelet knows this failure by how the text begins, and reads texts of code UNKNOWN alone. */
function refusePull(error: unknown): never {
  if (!(error instanceof RegistryUnavailable)) throw error;
  const details = `RegistryUnavailable: ${messageOf(error)}`;
  throw new StatusError({ code: statusCode.unknown, details });
}

function nameOf(image: ImageSpec | undefined): string {
  if (image !== undefined && image.image !== '') return image.image;
  throw new DomainError('invalid', 'The request names no image');
}

function listImages(node: Node, filter: ImageSpec | undefined): Draft<ImageMessage>[] {
  if (filter === undefined || filter.image === '') return node.images.list().map(imageMessage);
  const found = node.images.find(filter.image);
  return found === undefined ? [] : [imageMessage(found)];
}

/**
 * By whatever tag it was named, all go, and containers keep the layers that they have; one that a
 * racing call removed is gone as asked.
 */
async function removeAllTags(node: Node, image: Image): Promise<void> {
  try {
    await node.images.remove(image.id, { all: true, force: true });
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
}

export function imageMessage(image: Image): Draft<ImageMessage> {
  return {
    id: image.id,
    repo_tags: image.repoTags,
    repo_digests: image.repoDigests,
    size: image.sizeBytes,
    ...userOf(image),
    spec: { image: image.id },
    pinned: image.pinned,
  };
}

/** A number or a name, never both; an image that names none runs as root. */
function userOf({ config }: Image): { uid?: { value: number }; username?: string } {
  const [user = ''] = config.user.split(':', 1);
  if (user === '') return { uid: { value: 0 } };
  return /^\d+$/.test(user) ? { uid: { value: Number(user) } } : { username: user };
}

/** `auth` is `user:password` in base64, as in Docker's configuration file. */
export function credentialsOf(auth: AuthConfig | undefined): RegistryCredentials | undefined {
  if (auth === undefined) return undefined;
  const { identity_token, registry_token } = auth;
  if (registry_token !== '') return { registryToken: registry_token };
  if (identity_token !== '') return { identityToken: identity_token };
  if (auth.username !== '') return { username: auth.username, password: auth.password };
  if (auth.auth === '') return undefined;
  const text = Buffer.from(auth.auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 1) throw new DomainError('invalid', 'Malformed registry credentials');
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

/** The file system's inodes, for layers are not counted by their files. */
async function imageUsage(node: Node, use: ImageUse): Promise<Draft<FilesystemUsage>> {
  const { rootFolder } = node.settings;
  const [{ atMs, bytes }, { files, ffree }] = await Promise.all([use.get(), statfs(rootFolder)]);
  return {
    timestamp: nanoseconds(atMs),
    fs_id: { mountpoint: rootFolder },
    used_bytes: { value: bytes },
    inodes_used: { value: files - ffree },
  };
}

/** The writable layers of all containers. */
async function layerUsage(node: Node): Promise<Draft<FilesystemUsage>> {
  const ids = node.containers.list().map(({ id }) => id);
  const all = await Promise.all(ids.map((id) => node.layerUse.of(id)));
  return {
    timestamp: nanoseconds(Math.min(Date.now(), ...all.map((use) => use?.atMs ?? Infinity))),
    fs_id: { mountpoint: node.settings.rootFolder },
    used_bytes: { value: all.reduce((sum, use) => sum + (use?.bytes ?? 0), 0) },
    inodes_used: { value: all.reduce((sum, use) => sum + (use?.inodes ?? 0), 0) },
  };
}

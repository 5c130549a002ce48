import { statfs } from 'node:fs/promises';
import { DomainError, isDomainError } from '../base/error.ts';
import type { RegistryCredentials } from '../image/image-service.ts';
import type { Image } from '../image/image.ts';
import type {
  AuthConfig,
  Image as ImageMessage,
  ImageService,
  ImageSpec,
} from './generated/runtime.ts';
import type { Handlers } from './grpc-server.ts';
import { documents } from './info.ts';
import type { Draft } from './message.ts';
import type { Node } from './node.ts';
import { nanoseconds } from './selection.ts';

/** The CRI's image calls. */
export function imageHandlers(node: Node): Handlers<typeof ImageService> {
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
      const pulled = await node.images.pull(nameOf(image), {
        signal,
        ...(credentials === undefined ? {} : { credentials }),
      });
      return { image_ref: pulled.id };
    },
    RemoveImage: async ({ image }) => {
      const found = node.images.find(nameOf(image));
      if (found !== undefined) await removeAllTags(node, found);
      return {};
    },
    ImageFsInfo: async () => {
      const { rootFolder } = node.settings;
      const usage = await usageOf(node);
      const filesystem = {
        timestamp: nanoseconds(Date.now()),
        fs_id: { mountpoint: rootFolder },
        used_bytes: { value: usage.bytes },
        inodes_used: { value: usage.inodes },
      };
      return { image_filesystems: [filesystem], container_filesystems: [filesystem] };
    },
  };
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

/** By whatever tag it was named, all go; one that a racing call removed is gone as asked. */
async function removeAllTags(node: Node, image: Image): Promise<void> {
  try {
    await node.images.remove(image.id, { all: true });
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

async function usageOf(node: Node): Promise<{ bytes: number; inodes: number }> {
  const { images, snapshots } = await node.images.diskUse();
  const shared = Math.max(0, ...images.map(({ sharedBytes }) => sharedBytes));
  const own = [
    ...images.map(({ uniqueBytes }) => uniqueBytes),
    ...snapshots.map(({ bytes }) => bytes),
  ];
  const { files, ffree } = await statfs(node.settings.rootFolder);
  return { bytes: own.reduce((sum, bytes) => sum + bytes, shared), inodes: files - ffree };
}

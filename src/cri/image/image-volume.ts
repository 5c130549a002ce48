import { DomainError, messageOf } from '../../base/error.ts';
import { joinLayers } from '../../container/plan/plan-overlay.ts';
import { type ImagePlace, locateInLayers } from '../../container/read-image-file.ts';
import type { Mount } from '../../container/spec.ts';
import type { Image } from '../../image/image.ts';
import type { ContainerConfig, Mount as CriMount } from '../generated/runtime.ts';
import type { Node } from '../node.ts';
import type { ImageVolumes } from '../plan/plan-input.ts';

export function isImageVolume({ image }: CriMount): boolean {
  return image !== undefined && image.image !== '';
}

/**
 * Finds the images that are to be mounted, and holds their layers, each by a snapshot named after
 * the container. The config that comes back names each image by its id, as the status shows it.
 */
export async function provideImageVolumes(
  node: Node,
  id: string,
  config: ContainerConfig,
): Promise<{ config: ContainerConfig; volumes: ImageVolumes }> {
  const volumes = new Map<string, ImagePlace>();
  if (!config.mounts.some(isImageVolume)) return { config, volumes };
  const mounts: CriMount[] = [];
  for (const mount of config.mounts) {
    if (!isImageVolume(mount)) {
      mounts.push(mount);
      continue;
    }
    const found = findImage(node, mount);
    const snapshot = await node.images.createSnapshot(found.id, `${id}.volume${volumes.size}`);
    volumes.set(mount.container_path, locate(mount, snapshot.layers));
    mounts.push({ ...mount, image: { ...imageOf(mount), image_ref: found.id } });
  }
  return { config: { ...config, mounts }, volumes };
}

/** Lets go of the layers. Succeeds when there are none. */
export async function releaseImageVolumes(node: Node, id: string): Promise<void> {
  for (const name of node.images.listSnapshots()) {
    if (name.startsWith(`${id}.volume`)) await node.images.releaseSnapshot(name);
  }
}

/** The container that a snapshot is for. */
export function ownerOfSnapshot(name: string): string {
  return name.replace(/\.volume\d+$/, '');
}

/** One layer is bound, several are an overlay without a writable folder; both read-only. */
export function imageVolumeMount(destination: string, place: ImagePlace, mapped: boolean): Mount {
  const options = ['ro', 'nosuid', 'nodev', 'rprivate', ...(mapped ? ['idmap'] : [])];
  const layers = place.kind === 'file' ? [place.path] : place.layers;
  const [only = ''] = layers;
  if (layers.length === 1) {
    return { destination, type: 'bind', source: only, options: ['bind', ...options] };
  }
  const lower = `lowerdir=${joinLayers(layers)}`;
  return { destination, type: 'overlay', source: 'overlay', options: [...options, lower] };
}

function findImage(node: Node, mount: CriMount): Image {
  if (!mount.readonly || mount.host_path !== '') {
    throw refusal(mount, 'an image volume is read-only and has no host_path');
  }
  const { image } = imageOf(mount);
  const found = node.images.find(image);
  if (found === undefined) throw refusal(mount, `no such image: ${image}; pull it first`);
  return found;
}

function locate(mount: CriMount, layers: readonly string[]): ImagePlace {
  let place: ImagePlace | undefined;
  try {
    place = locateInLayers(layers, mount.image_sub_path);
  } catch (error) {
    throw refusal(mount, messageOf(error));
  }
  if (place !== undefined) return place;
  throw refusal(mount, `the image has no "${mount.image_sub_path}"`);
}

function imageOf({ image }: CriMount): NonNullable<CriMount['image']> {
  if (image === undefined) throw new Error('not an image volume');
  return image;
}

/** A kubelet knows the failure by its first word, and shows it as the container's reason. */
function refusal({ container_path }: CriMount, why: string): DomainError {
  return new DomainError('invalid', `ImageVolumeMountFailed: at "${container_path}": ${why}`);
}

import { randomBytes } from 'node:crypto';
import type { ContainerStatus } from '../../container/container-engine.ts';
import { type ContainerRecord, optionsOf } from '../container/container-record.ts';
import type { RunOptions, VolumeMount } from '../generated/keelson.ts';
import type { ContainerConfig } from '../generated/runtime.ts';
import type { Node } from '../node.ts';
import { destinationOf } from '../plan/plan-mounts.ts';

/**
 * The volumes of a container: those asked for, and one for each path that its image names and
 * nothing else is mounted at. One without a name gets one. Pure but for the names.
 */
export function planVolumes(
  imageVolumes: readonly string[],
  config: ContainerConfig,
  options: RunOptions,
): VolumeMount[] {
  const taken = [
    ...config.mounts.map(({ container_path }) => container_path),
    ...[...options.tmpfs, ...options.volumes].map(({ path }) => path),
  ].map(destinationOf);
  const wanted = [...new Set(imageVolumes.map(destinationOf))]
    .filter((path) => !taken.includes(path))
    .map((path) => ({ name: '', path, readonly: false, nocopy: false, anonymous: true }));
  return [...options.volumes, ...wanted].map((volume) =>
    volume.name === ''
      ? { ...volume, name: randomBytes(32).toString('hex'), anonymous: true }
      : { ...volume, anonymous: false },
  );
}

function volumesOf(record: ContainerRecord): readonly VolumeMount[] {
  return record.damaged === true ? [] : (optionsOf(record)?.volumes ?? []);
}

/** The names of the containers that have it. */
export function usersOf(node: Node, volume: string): string[] {
  return node.containers
    .list()
    .filter((record) => volumesOf(record).some(({ name }) => name === volume))
    .map(({ name, id }) => (name === '' ? id.slice(0, 12) : name));
}

/** One at a time: whether a volume is empty, or in use, holds until the work is done. */
export function lockVolumes<T>(node: Node, work: () => Promise<T>): Promise<T> {
  return node.locks.run('volumes', work);
}

/**
 * Makes a container whose record stands with the volumes that it names. `create` gets the places of
 * those that are empty, and so are to begin with what the image has there. When it fails, volumes
 * are as they were before. `again`: what has been emptied since its first run stays empty.
 */
export async function withVolumes(
  node: Node,
  { record, again }: { readonly record: ContainerRecord; readonly again: boolean },
  create: (fills: readonly string[]) => Promise<ContainerStatus>,
): Promise<void> {
  const mounts = volumesOf(record);
  if (mounts.length === 0) {
    await create([]);
    return;
  }
  await lockVolumes(node, async () => {
    await using undo = new AsyncDisposableStack();
    const filling = new Map<string, string>();
    for (const { name, path, nocopy, anonymous } of mounts) {
      const found = node.volumes.find(name);
      if (found === undefined) {
        await node.volumes.create({ name, anonymous });
        if (anonymous) undo.defer(() => node.volumes.remove(name));
      }
      if (nocopy || filling.has(name) || (again && found?.filling === false)) continue;
      if (!(await node.volumes.beginFilling(name))) continue;
      filling.set(name, path);
      if (!anonymous) undo.defer(() => node.volumes.undoFilling(name));
    }
    await create([...filling.values()]);
    undo.move();
    for (const name of filling.keys()) await node.volumes.endFilling(name);
  });
}

/** Those that were made for it and no other container has. */
export async function removeAnonymousVolumes(node: Node, record: ContainerRecord): Promise<void> {
  const mounts = volumesOf(record).filter(({ anonymous }) => anonymous);
  if (mounts.length === 0) return;
  await lockVolumes(node, async () => {
    for (const { name } of mounts) {
      if (usersOf(node, name).length <= 1) await node.volumes.remove(name);
    }
  });
}

/** A container that the engine knows was made whole, so its volumes are filled. */
export async function settleVolumes(node: Node): Promise<void> {
  for (const { id } of node.engine.list()) {
    if (!node.containers.has(id)) continue;
    for (const { name } of volumesOf(node.containers.get(id))) await node.volumes.endFilling(name);
  }
}

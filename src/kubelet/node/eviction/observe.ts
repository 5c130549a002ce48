import type { ContainerRuntime } from '../../runtime/container-runtime.ts';
import { readMemoryUse, readProcesses } from '../../statistics/node-use.ts';
import { type FileSystemSpace, readSpace } from '../machine.ts';

export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

/** By signal; what cannot be seen is absent, and evicts nobody. */
export type Observations = ReadonlyMap<string, Observation>;

/** Where the runtime keeps images and what containers write. */
export interface Places {
  readonly image: string | undefined;
  readonly container: string | undefined;
}

/** Undefined while the runtime does not say. */
export async function findPlaces(runtime: ContainerRuntime): Promise<Places | undefined> {
  const found = await runtime.imageFileSystem().catch(() => undefined);
  if (found === undefined) return undefined;
  const image = found.image_filesystems[0]?.fs_id?.mountpoint;
  return { image, container: found.container_filesystems[0]?.fs_id?.mountpoint ?? image };
}

/** Looks at what may run short: memory, disk, inodes and process numbers. */
export async function observeNode(root: string, places: Places | undefined): Promise<Observations> {
  const [memory, processes, node, image, container] = await Promise.all([
    readMemoryUse(),
    readProcesses(),
    readSpace(root),
    spaceAt(places?.image),
    spaceAt(places?.container),
  ]);
  const { capacityBytes, workingSetBytes } = memory;
  return new Map<string, Observation>([
    ['memory.available', { available: capacityBytes - workingSetBytes, capacity: capacityBytes }],
    ['pid.available', { available: processes.most - processes.now, capacity: processes.most }],
    ...spaceSignals('nodefs', node),
    ...spaceSignals('imagefs', image),
    ...spaceSignals('containerfs', container),
  ]);
}

function spaceSignals(
  name: string,
  space: FileSystemSpace | undefined,
): readonly (readonly [string, Observation])[] {
  if (space === undefined) return [];
  const { availableBytes, capacityBytes, freeInodes, inodes } = space;
  return [
    [`${name}.available`, { available: availableBytes, capacity: capacityBytes }],
    // File systems that make inodes as they need them count none.
    ...(inodes === 0
      ? []
      : [[`${name}.inodesFree`, { available: freeInodes, capacity: inodes }] as const]),
  ];
}

async function spaceAt(path: string | undefined): Promise<FileSystemSpace | undefined> {
  if (path === undefined || path === '') return undefined;
  return await readSpace(path).catch(() => undefined);
}

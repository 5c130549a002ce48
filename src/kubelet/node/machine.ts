import { readFile, readdir, statfs } from 'node:fs/promises';
import { cpus } from 'node:os';

export interface FileSystemSpace {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/** What the machine has; all in bytes. */
export interface Machine {
  readonly processors: number;
  readonly memoryBytes: number;
  readonly swapBytes: number;
  /** Bytes reserved for pages of each size, by that size in bytes. */
  readonly hugePages: ReadonlyMap<number, number>;
  readonly storage: FileSystemSpace;
}

/** Reads it anew: processors and huge pages come and go. `root` lies on the kubelet's storage. */
export async function readMachine(root: string): Promise<Machine> {
  const memory = await readMemory();
  return {
    processors: cpus().length,
    memoryBytes: memory.get('MemTotal') ?? 0,
    swapBytes: memory.get('SwapTotal') ?? 0,
    hugePages: await readHugePages(),
    storage: await readSpace(root),
  };
}

/** `/proc/meminfo` in bytes by its own names. */
export async function readMemory(): Promise<ReadonlyMap<string, number>> {
  const text = await readFile('/proc/meminfo', 'latin1');
  return new Map(
    [...text.matchAll(/^(\w+(?:\(\w+\))?):\s+(\d+) kB$/gm)].map(([, name = '', kibibytes]) => [
      name,
      Number(kibibytes) * 1024,
    ]),
  );
}

export async function readSpace(path: string): Promise<FileSystemSpace> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(path);
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    inodes: files,
    freeInodes: ffree,
  };
}

/** Sizes that the machine knows, with none reserved too: their names are in every Node. */
async function readHugePages(): Promise<ReadonlyMap<number, number>> {
  const folder = '/sys/kernel/mm/hugepages';
  const names = await readdir(folder).catch(() => []);
  const found = new Map<number, number>();
  for (const name of names) {
    const kibibytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(kibibytes)) continue;
    const count = await readFile(`${folder}/${name}/nr_hugepages`, 'latin1').catch(() => '0');
    found.set(kibibytes * 1024, Number(count) * kibibytes * 1024);
  }
  return found;
}

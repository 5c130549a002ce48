import { writeSync } from 'node:fs';
import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';

/** What can no longer be done to a memory file, fcntl(2); to be or-ed. */
export const Seal = {
  /** No further seals. */
  seal: 1,
  shrink: 2,
  grow: 4,
  write: 8,
  /** No new writing; writable mappings that are there stay. */
  futureWrite: 16,
  /** The execute permission stays as it is (Linux 6.3). */
  execute: 32,
} as const;

/** A file in memory that has no name in any folder; `name` shows in /proc/PID/fd alone. */
export function createMemoryFile(name: string): Descriptor {
  const allowSealing = 2;
  return new Descriptor(addon.memfdCreate(name, allowSealing));
}

/** Seals are for good. EBUSY for `write` while a writable mapping exists. */
export function addSeals(fd: number, seals: number): void {
  addon.addSeals(fd, seals);
}

/** EINVAL when the file is no memory file. */
export function getSeals(fd: number): number {
  return addon.getSeals(fd);
}

/**
 * Bytes in a memory file that nobody can change any more: safe to hand to another process, or to
 * run as a program that a container cannot overwrite.
 */
export function sealedMemoryFile(name: string, bytes: Uint8Array): Descriptor {
  const file = createMemoryFile(name);
  try {
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(file.fd, bytes, written, bytes.length - written, written);
    }
    addSeals(file.fd, Seal.seal | Seal.shrink | Seal.grow | Seal.write);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

import { isKernelError } from '../base/error.ts';
import { addon } from './addon.ts';

/** One end of a copy; without an offset the file's own position is used and moves. */
export interface CopyEnd {
  readonly fd: number;
  readonly offset?: number;
}

/**
 * Copies inside the kernel, sharing the space where the file system can (reflink).
 * Returns how many bytes were copied, at most `bytes`; 0 at the end of the file.
 * Throws KernelError EXDEV between some file systems: then read and write.
 */
export function copyFileRange(from: CopyEnd, to: CopyEnd, bytes: number): number {
  return addon.copyFileRange(from.fd, from.offset ?? -1, to.fd, to.offset ?? -1, bytes);
}

export interface Extent {
  readonly offset: number;
  readonly bytes: number;
}

/** Reserves space, so that later writes there cannot fail with ENOSPC. Extends the file. */
export function reserve(fd: number, extent: Extent): void {
  addon.fallocate(fd, 0, extent.offset, extent.bytes);
}

/** Frees the space of a range, which then reads as zeros; the size stays. */
export function punchHole(fd: number, extent: Extent): void {
  const keepSize = 0x01;
  const punch = 0x02;
  addon.fallocate(fd, keepSize | punch, extent.offset, extent.bytes);
}

/** Where the next data begins at or after `offset`; undefined when only a hole follows. */
export function nextData(fd: number, offset: number): number | undefined {
  return seek(fd, offset, 3);
}

/** Where the next hole begins at or after `offset`; the end of the file counts as one. */
export function nextHole(fd: number, offset: number): number | undefined {
  return seek(fd, offset, 4);
}

/** The ranges that hold data, in order. A file system without holes reports one. */
export function* dataExtents(fd: number): Generator<Extent> {
  let offset: number | undefined = 0;
  while ((offset = nextData(fd, offset)) !== undefined) {
    const end = nextHole(fd, offset) ?? offset;
    yield { offset, bytes: end - offset };
    offset = end;
  }
}

/** Writes everything of the file system that holds `fd` to the disk. Equivalent: `sync -f`. */
export function syncFileSystem(fd: number): void {
  addon.syncfs(fd);
}

function seek(fd: number, offset: number, whence: number): number | undefined {
  try {
    return addon.lseek(fd, offset, whence);
  } catch (error) {
    // ENXIO: the offset lies behind the last data, or behind the end.
    if (isKernelError(error, 'ENXIO')) return undefined;
    throw error;
  }
}

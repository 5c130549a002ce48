import { posix } from 'node:path';
import { DomainError, isKernelError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { fchmodat, mkdirat, unlinkat } from '../../kernel/file.ts';
import { unmount, UnmountFlag } from '../../kernel/mount.ts';
import { moveMount, openTree } from '../../kernel/mount-tree.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../kernel/open.ts';
import { type FileStatus, fstat, isFolder } from '../../kernel/stat.ts';
import { ensureFolders } from './tree/folder.ts';
import { removeTree } from './tree/remove-tree.ts';

/** Links in a volume may lead anywhere in it, and nowhere else. */
const insideVolume = ResolveFlag.beneath | ResolveFlag.noMagicLinks;

export interface SubPath {
  /** The open folder of the volume. */
  readonly volume: number;
  /** Relative; its missing folders are made. */
  readonly path: string;
  /** The pod's open folder, and where in it the part of the volume is bound. */
  readonly pod: number;
  readonly target: string;
}

/**
 * Binds a part of a volume to a place of its own, whose path then stands for what was found once:
 * a pod that swaps folders for links later, or at this very moment, changes nothing of it. What is
 * bound there already is kept when it is the same.
 */
export async function bindSubPath({ volume, path, pod, target }: SubPath): Promise<void> {
  using source = openInside(volume, path);
  const status = fstat(source.fd);
  using parent = ensureFolders(pod, posix.dirname(target), 0o750);
  const name = posix.basename(target);
  if (await isBound(parent.fd, name, status)) return;
  if (isFolder(status)) ensureFolders(parent.fd, name, 0o750).close();
  else makeFile(parent.fd, name);
  using tree = openTree(source.fd, '', { clone: true });
  moveMount({ at: tree.fd, path: '' }, { at: parent.fd, path: name });
}

/** Checks what a container writes as its subPath. Throws `invalid`. */
export function checkSubPath(path: string): void {
  if (path.startsWith('/'))
    throw new DomainError('invalid', `subPath "${path}" must be a relative path`);
  if (path.split('/').includes('..')) {
    throw new DomainError('invalid', `subPath "${path}" must not contain '..'`);
  }
  if (path.includes('\0') || Buffer.byteLength(path) > limits.volumePathBytes) {
    throw new DomainError(
      'invalid',
      `subPath is no path of at most ${limits.volumePathBytes} bytes`,
    );
  }
}

function openInside(volume: number, path: string): Descriptor {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const mode = fstat(volume).mode & 0o7777;
  for (let length = 1; length <= parts.length; length += 1) {
    makeMissing(volume, parts.slice(0, length), mode);
  }
  return openPath(volume, parts.join('/') || '.');
}

function openPath(volume: number, path: string): Descriptor {
  return openat2(volume, path, { flags: OpenFlag.path, resolve: insideVolume });
}

/** A folder with the permissions of the volume's own, where nothing is. */
function makeMissing(volume: number, parts: readonly string[], mode: number): void {
  const path = parts.join('/');
  try {
    openPath(volume, path).close();
    return;
  } catch (error) {
    if (!isKernelError(error, 'ENOENT')) throw error;
  }
  const name = parts.at(-1) ?? '';
  using parent = openPath(volume, parts.slice(0, -1).join('/') || '.');
  try {
    mkdirat(parent.fd, name, mode & 0o777);
  } catch (error) {
    if (isKernelError(error, 'EEXIST')) return;
    throw error;
  }
  // What was made may be another's by now; its mode is changed through its own descriptor.
  const flags = OpenFlag.path | OpenFlag.directory | OpenFlag.noFollow;
  using made = openat2(parent.fd, name, { flags, resolve: insideVolume });
  fchmodat(made.fd, '', mode);
}

/** What is mounted there and is something else is taken away. */
async function isBound(at: number, name: string, wanted: FileStatus): Promise<boolean> {
  for (;;) {
    const found = look(at, name);
    if (found === undefined) return false;
    if (!found.mountRoot) {
      if (isFolder(found) !== isFolder(wanted)) await removeTree(at, name);
      return false;
    }
    const isSame =
      found.inode === wanted.inode &&
      found.device.major === wanted.device.major &&
      found.device.minor === wanted.device.minor;
    if (isSame) return true;
    unmount(`/proc/self/fd/${at}/${name}`, UnmountFlag.detach);
  }
}

function look(at: number, name: string): FileStatus | undefined {
  try {
    using file = openat2(at, name, {
      flags: OpenFlag.path | OpenFlag.noFollow,
      resolve: ResolveFlag.beneath,
    });
    return fstat(file.fd);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function makeFile(at: number, name: string): void {
  const flags = OpenFlag.writeOnly | OpenFlag.create | OpenFlag.exclusive;
  try {
    openat2(at, name, { flags, mode: 0o640, resolve: ResolveFlag.beneath }).close();
  } catch (error) {
    if (!isKernelError(error, 'EEXIST')) throw error;
    unlinkat(at, name);
    openat2(at, name, { flags, mode: 0o640, resolve: ResolveFlag.beneath }).close();
  }
}

import { readdirSync, readSync } from 'node:fs';
import { DomainError, hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Snapshot } from '../image/snapshot.ts';
import type { Descriptor } from '../kernel/descriptor.ts';
import { openFolder, openInRoot, openat2, OpenFlag, ResolveFlag } from '../kernel/open.ts';
import { fstat, isRegular, statx, type FileStatus } from '../kernel/stat.ts';
import { getXattr } from '../kernel/xattr.ts';

const flags = OpenFlag.readOnly | OpenFlag.noFollow | OpenFlag.nonBlocking;

/** A file of a root folder; undefined when it is missing. Links are followed within the root. */
export function readInRoot(root: string, path: string): string | undefined {
  using folder = openFolder(root);
  return readIfThere(() => openInRoot(folder.fd, path, { flags }), path);
}

/** A file as a process sees it; the magic link is the kernel's own and is followed once. */
export function readInProcess(pid: number, path: string): string | undefined {
  return readInRoot(`/proc/${pid}/root`, path);
}

/** The folders of a snapshot that hold something, topmost first: a new one's own is empty. */
export function layersOf({ upper, layers }: Snapshot): readonly string[] {
  return isEmpty(upper) ? layers : [upper, ...layers];
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}

/**
 * A file of an overlay that is not mounted: from the topmost folder that has it. A whiteout, or an
 * opaque parent, hides what is below. Symbolic links are not followed: the answer would lie in
 * another layer.
 */
export function readInLayers(layers: readonly string[], path: string): string | undefined {
  const parent = path.slice(0, path.lastIndexOf('/'));
  for (const layer of layers) {
    using folder = openLayer(layer);
    if (folder === undefined) continue;
    const status = statusOf(folder.fd, path);
    if (status !== undefined && isWhiteout(status)) return undefined;
    if (status !== undefined) {
      const resolve = ResolveFlag.beneath | ResolveFlag.noSymlinks;
      return readIfThere(() => openat2(folder.fd, path, { flags, resolve }), path);
    }
    if (hides(layer, folder.fd, parent)) return undefined;
  }
  return undefined;
}

/** Where a path of an image lies: in one layer as a file, or, as a folder, in several. */
export type ImagePlace = { readonly kind: 'file'; readonly path: string } | FolderPlace;

interface FolderPlace {
  readonly kind: 'folder';
  /** Host folders, topmost first, whose overlay is the image's folder. */
  readonly layers: readonly string[];
}

/**
 * A folder or file of an image that is not mounted, as {@link readInLayers} finds one; undefined
 * when the image has none. Throws DomainError `invalid` for other kinds and below symbolic links.
 */
export function locateInLayers(layers: readonly string[], path: string): ImagePlace | undefined {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new DomainError('invalid', `"${path}" leaves the image`);
  const clean = parts.join('/');
  const found: string[] = [];
  for (const layer of layers) {
    using folder = openFolder(layer);
    const status = clean === '' ? fstat(folder.fd) : statusOf(folder.fd, clean);
    if (status !== undefined) {
      const kind = status.mode & 0o170000;
      if (kind === 0o100000 && found.length === 0) {
        return { kind: 'file', path: `${layer}/${clean}` };
      }
      if (kind === 0o040000) found.push(clean === '' ? layer : `${layer}/${clean}`);
      else if (found.length > 0 || isWhiteout(status)) break;
      else throw new DomainError('invalid', `The image's /${clean} is neither folder nor file`);
    }
    if (parts.some((_, index) => hides(layer, folder.fd, parts.slice(0, index + 1).join('/')))) {
      break;
    }
  }
  return found.length === 0 ? undefined : { kind: 'folder', layers: found };
}

function openLayer(layer: string): Descriptor | undefined {
  try {
    return openFolder(layer);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function statusOf(folder: number, path: string): FileStatus | undefined {
  try {
    const resolve = ResolveFlag.beneath | ResolveFlag.noSymlinks;
    const how = { flags: OpenFlag.path | OpenFlag.noFollow, resolve };
    using file = openat2(folder, path, how);
    return fstat(file.fd);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (hasCode(error, 'ELOOP')) throw new DomainError('invalid', `/${path} is below a link`);
    throw error;
  }
}

function isWhiteout(status: FileStatus): boolean {
  const { major, minor } = status.represents;
  return (status.mode & 0o170000) === 0o020000 && major === 0 && minor === 0;
}

/** True when this layer's parent folder is a file, a whiteout, or opaque. */
function hides(layer: string, folder: number, parent: string): boolean {
  if (parent === '') return false;
  let status: FileStatus;
  try {
    status = statx(folder, parent);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
  if ((status.mode & 0o170000) !== 0o040000) return true;
  return String(getXattr(`${layer}/${parent}`, 'trusted.overlay.opaque')) === 'y';
}

/** Regular and bounded, or refused: a device or a giant file would hang or fill the runtime. */
function readIfThere(open: () => Descriptor, path: string): string | undefined {
  try {
    using file = open();
    const status = fstat(file.fd);
    if (!isRegular(status)) {
      throw new DomainError('invalid', `The image's /${path} is no regular file`);
    }
    if (status.sizeBytes > limits.imageFileBytes) {
      throw new DomainError('invalid', `The image's /${path} is ${status.sizeBytes} bytes long`);
    }
    return readAll(file.fd);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (hasCode(error, 'ELOOP', 'ENXIO')) {
      throw new DomainError('invalid', `The image's /${path} is no regular file`, { cause: error });
    }
    throw error;
  }
}

/** A file that grows while it is read is read up to the bound and no further. */
function readAll(fd: number): string {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limits.imageFileBytes) {
    const chunk = Buffer.alloc(65_536);
    const size = readSync(fd, chunk);
    if (size === 0) break;
    chunks.push(chunk.subarray(0, size));
    total += size;
  }
  return Buffer.concat(chunks).toString();
}

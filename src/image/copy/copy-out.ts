import { posix } from 'node:path';
import { DomainError, isKernelError } from '../../base/error.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { FileType, readlinkat } from '../../kernel/file.ts';
import { openInRoot, OpenFlag } from '../../kernel/open.ts';
import { isFolder, statx, type FileStatus } from '../../kernel/stat.ts';
import { packTree, type PackOwner } from '../layer/pack.ts';
import { fromNameText } from '../layer/tar-entry.ts';

export interface CopyOutRequest {
  /** As a person wrote it: `/.` at the end means what is in the folder, not the folder. */
  readonly path: string;
  /** A link at the end leads to what is copied. */
  readonly followLink: boolean;
  /** Owner of everything in the archive; the files' own when it is left out. */
  readonly owner?: PackOwner;
}

/** What stands first in the answer. */
export interface CopiedKind {
  /** The one entry at the top of the archive; empty where it is a folder's contents. */
  readonly name: string;
  readonly isFolder: boolean;
}

/**
 * The archive of a file or folder of a container, after what it is. Every link, `..` and absolute
 * path is followed below the container's root and nowhere else, also while programs in it exchange
 * folders for links: what is read was reached by descriptors alone. Throws DomainError `notFound`.
 */
export async function* copyOut(
  root: number,
  { path, followLink, owner }: CopyOutRequest,
): AsyncGenerator<CopiedKind | Uint8Array> {
  const place = followLink ? followed(root, splitPlace(path), path) : splitPlace(path);
  const { folder, name } = place;
  using parent = openFolderInside(root, folder, path);
  const kind = { name, isFolder: name === '' || isFolder(statusOf(parent.fd, name, path)) };
  if (path.endsWith('/') && !kind.isFolder) throw missing(path);
  yield kind;
  yield* packTree([`/proc/self/fd/${parent.fd}/.`], {
    ...(name === '' ? {} : { only: fromNameText(name) }),
    ...(owner === undefined ? {} : { owner }),
  });
}

export interface PathPlace {
  readonly folder: string;
  /** Empty for what is in the folder. */
  readonly name: string;
}

/** The folder that holds it, and its name. */
export function splitPlace(path: string): PathPlace {
  const clean = `/${path}`.replace(/\/+$/, '');
  const at = clean.lastIndexOf('/');
  const name = clean.slice(at + 1);
  if (clean === '' || name === '.' || name === '..') return { folder: path, name: '' };
  return { folder: `/${clean.slice(0, at)}`, name };
}

/** Linux's own bound for links that lead to links. */
const maximumLinks = 40;

function followed(root: number, start: PathPlace, path: string): PathPlace {
  let place = start;
  for (let count = 0; place.name !== ''; count += 1) {
    using parent = openFolderInside(root, place.folder, path);
    const { mode } = statusOf(parent.fd, place.name, path);
    if ((mode & FileType.mask) !== FileType.symbolicLink) break;
    if (count === maximumLinks) throw new DomainError('invalid', `Too many links at "${path}"`);
    const target = readlinkat(parent.fd, place.name).toString();
    place = splitPlace(target.startsWith('/') ? target : posix.join(place.folder, target));
  }
  return place;
}

/** A folder below the root; `path` is what a message names. */
export function openFolderInside(root: number, folder: string, path: string): Descriptor {
  try {
    return openInRoot(root, folder === '' ? '/' : folder, {
      flags: OpenFlag.directory | OpenFlag.readOnly,
    });
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) throw missing(path);
    throw error;
  }
}

function statusOf(at: number, name: string, path: string): FileStatus {
  try {
    return statx(at, name);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) throw missing(path);
    throw error;
  }
}

function missing(path: string): DomainError {
  return new DomainError('notFound', `There is no "${path}" in the container`);
}

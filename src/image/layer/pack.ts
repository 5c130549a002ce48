import { closeSync, constants, openSync, read as readCallback } from 'node:fs';
import { promisify } from 'node:util';
import { DomainError, isKernelError } from '../../base/error.ts';
import { FileType, readlinkat } from '../../kernel/file.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../kernel/open.ts';
import { statx, type FileStatus } from '../../kernel/stat.ts';
import { getXattr, listXattrs } from '../../kernel/xattr.ts';
import { isOpaque, MergedFolder, type MergedChild } from './merged-folder.ts';
import { isCarriedXattr } from './overlay-xattr.ts';
import { toNameText, type TarEntry, type TarEntryType } from './tar-entry.ts';
import { formatTarHeader, tarEnd, tarPadding, type NewTarEntry } from './tar-format.ts';
import { walk, type Visit } from './walk.ts';

/**
 * A layer's archive from one folder in overlayfs's form, such as a container's writable folder:
 * whiteouts become `.wh.NAME`, opaque folders get `.wh..wh..opq`. The same tree always gives the
 * same bytes: names sorted, pax headers only where needed, hard links kept, sockets left out.
 * Files that change meanwhile keep the size they had when they were met. Throws DomainError
 * `unsupported` where overlayfs moved or split something (redirect_dir, metacopy).
 */
export async function* packLayer(
  folder: string,
  owners?: OwnerMappings,
): AsyncGenerator<Uint8Array> {
  yield* pack([folder], { asLayer: true, ...(owners === undefined ? {} : { owners }) });
}

/**
 * A flat archive of layers as overlayfs shows them together, topmost first; without any whiteouts.
 * Equivalent: `docker export`.
 */
export async function* packTree(
  layers: readonly string[],
  options: PackTreeOptions = {},
): AsyncGenerator<Uint8Array> {
  yield* pack(layers, { ...options, asLayer: false });
}

export interface PackTreeOptions {
  /** Of what lies in the root, this name alone; one character a byte. */
  readonly only?: string;
  /** In place of the files' own. */
  readonly owner?: PackOwner;
}

export interface PackOwner {
  readonly uid: number;
  readonly gid: number;
}

/** A user namespace's: owners as the host has them become those inside. */
export interface OwnerMappings {
  readonly uid: readonly OwnerRange[];
  readonly gid: readonly OwnerRange[];
}

export interface OwnerRange {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

type PackOptions = PackTreeOptions & {
  readonly asLayer: boolean;
  readonly owners?: OwnerMappings;
};

/** The owner inside; one that has no number there keeps the host's. */
function inside(id: number, ranges: readonly OwnerRange[]): number {
  const range = ranges.find(({ hostID, size }) => id >= hostID && id < hostID + size);
  return range === undefined ? id : range.containerID + id - range.hostID;
}

async function* pack(
  layers: readonly string[],
  { asLayer, only, owner, owners = { uid: [], gid: [] } }: PackOptions,
): AsyncGenerator<Uint8Array> {
  using root = MergedFolder.openRoot(layers);
  const links = new Map<string, string>();
  for (const visit of walk(root, only)) {
    const { child } = visit;
    if (child === undefined) {
      if (asLayer) yield formatTarHeader({ name: whiteoutOf(visit) });
      continue;
    }
    if (asLayer && visit.name.startsWith('.wh.')) throw unpackable(visit, 'has a reserved name');
    using source = openSource(child);
    const own = source && toEntry(visit, source, links);
    const mapped = own && {
      uid: inside(own.uid, owners.uid),
      gid: inside(own.gid, owners.gid),
    };
    const entry = own && { ...own, ...mapped, ...owner };
    if (source === undefined || entry === undefined) continue;
    checkOverlay(visit, source.fd);
    yield formatTarHeader(entry);
    if (entry.type === 'file') yield* readContent(source.fd, entry.size);
    const isHiding = asLayer && entry.type === 'folder' && isOpaque(source.fd);
    if (isHiding) yield formatTarHeader({ name: `${entry.name}.wh..wh..opq` });
  }
  yield tarEnd;
}

interface Source extends Disposable {
  readonly fd: number;
  readonly status: FileStatus;
}

/** Pinned by O_PATH, which has no effect on devices and fifos; undefined when it is gone. */
function openSource({ at, name }: MergedChild): Source | undefined {
  try {
    const resolve = ResolveFlag.beneath | ResolveFlag.noSymlinks;
    const opened = openat2(at, name, { flags: OpenFlag.path | OpenFlag.noFollow, resolve });
    return { fd: opened.fd, status: statx(opened.fd, ''), [Symbol.dispose]: () => opened.close() };
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const types = new Map<number, TarEntryType>([
  [FileType.regular, 'file'],
  [FileType.folder, 'folder'],
  [FileType.symbolicLink, 'symbolicLink'],
  [FileType.characterDevice, 'character'],
  [FileType.blockDevice, 'block'],
  [FileType.fifo, 'fifo'],
]);

/** Undefined for sockets, which have no meaning without the process that listens. */
function toEntry(
  visit: Visit,
  { fd, status }: Source,
  links: Map<string, string>,
): TarEntry | undefined {
  const type = types.get(status.mode & FileType.mask);
  if (type === undefined) return undefined;
  const { uid, gid, modified, represents } = status;
  const isDevice = type === 'character' || type === 'block';
  const common: TarEntry = {
    name: type === 'folder' ? `${visit.path}/` : visit.path,
    type,
    linkName: type === 'symbolicLink' ? readlinkat(fd, '').toString('latin1') : '',
    mode: status.mode & 0o7777,
    uid,
    gid,
    modified,
    size: type === 'file' ? status.sizeBytes : 0,
    major: isDevice ? represents.major : 0,
    minor: isDevice ? represents.minor : 0,
    xattrs: type === 'file' || type === 'folder' ? readXattrs(fd) : new Map(),
  };
  if (status.links < 2 || type === 'folder') return common;
  const key = `${status.device.major}:${status.device.minor}:${status.inode}`;
  const first = links.get(key);
  if (first === undefined) links.set(key, visit.path);
  if (first === undefined) return common;
  return { ...common, type: 'hardLink', linkName: first, size: 0, xattrs: new Map() };
}

function readXattrs(fd: number): Map<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  for (const name of listXattrs(fd).filter(isCarriedXattr)) {
    const value = getXattr(fd, name);
    if (value !== undefined) xattrs.set(name, value);
  }
  return xattrs;
}

/** With these the content is not where it seems to be. */
function checkOverlay(visit: Visit, fd: number): void {
  const odd = listXattrs(fd).find((name) => /^trusted\.overlay\.(redirect|metacopy)$/.test(name));
  if (odd !== undefined) throw unpackable(visit, `has the attribute ${odd}`);
}

const read = promisify(readCallback);
const partBytes = 256 * 1024;

/** Exactly `size` bytes: cut where the file has grown, zeros where it has shrunk. */
async function* readContent(pinned: number, size: number): AsyncGenerator<Uint8Array> {
  // Opened by its pin, so that nothing else can be opened in its place.
  const fd = openSync(`/proc/self/fd/${pinned}`, constants.O_RDONLY | constants.O_NOATIME);
  try {
    let done = 0;
    while (done < size) {
      const part = Buffer.allocUnsafe(Math.min(partBytes, size - done));
      const { bytesRead } = await read(fd, part, 0, part.length, null);
      if (bytesRead === 0) part.fill(0);
      const bytes = bytesRead === 0 ? part : part.subarray(0, bytesRead);
      done += bytes.length;
      yield bytes;
    }
  } finally {
    closeSync(fd);
  }
  const padding = tarPadding(size);
  if (padding.length > 0) yield padding;
}

function whiteoutOf({ path, name }: Visit): NewTarEntry['name'] {
  return `${path.slice(0, path.length - name.length)}.wh.${name}`;
}

function unpackable({ path }: Visit, why: string): DomainError {
  return new DomainError('unsupported', `"${toNameText(path)}" ${why} and cannot be in a layer`);
}

import { randomBytes } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { isKernelError } from '../../../base/error.ts';
import { limits } from '../../../base/limits.ts';
import type { Descriptor } from '../../../kernel/descriptor.ts';
import {
  fchmodat,
  fchownat,
  mkdirat,
  readlinkat,
  renameat2,
  symlinkat,
  unlinkat,
} from '../../../kernel/file.ts';
import { listNames } from '../../../kernel/folder.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../../kernel/open.ts';
import { fstat, isRegular } from '../../../kernel/stat.ts';
import type { FilePayload, Payload } from '../payload/payload.ts';
import { removeTree } from './remove-tree.ts';
import { ownFilesOnly } from './walk-tree.ts';

const current = '..data';
const coming = '..data_tmp';
const inFolder = { flags: OpenFlag.directory | OpenFlag.noFollow, resolve: ownFilesOnly };

/**
 * Makes the files of an open folder those of the payload, all at one instant: names lead by the
 * link `..data` into a folder `..TIME` that is never changed, and the link is replaced by a rename.
 * Who opens `..data` once reads one state. With `gid` the files are that group's. False when they
 * were the same already. Killed anywhere, the next call finishes it.
 */
export async function replaceFiles(at: number, payload: Payload, gid?: number): Promise<boolean> {
  const before = currentFolder(at);
  const wanted = new Map([...payload].map(([path, file]) => [path, withGroup(file, gid)]));
  const isSame = before !== undefined && holds(at, before, wanted);
  const folder = isSame ? before : `..${stamp()}.${randomBytes(5).toString('hex')}`;
  if (!isSame) {
    mkdirat(at, folder, 0o755);
    writeAll(at, folder, { files: wanted, gid });
    dropFile(at, coming);
    symlinkat(folder, { at, path: coming });
    renameat2({ at, path: coming }, { at, path: current });
  }
  const names = new Set([...wanted.keys()].map((path) => path.split('/', 1)[0] ?? ''));
  for (const name of names) ensureLink(at, name);
  await sweep(at, names, folder);
  return !isSame;
}

/** Whether files were put there before. */
export function hasFiles(at: number): boolean {
  return currentFolder(at) !== undefined;
}

/** The text of a file that is there now; undefined for none. */
export function readCurrent(at: number, path: string): string | undefined {
  const folder = currentFolder(at);
  if (folder === undefined) return undefined;
  return readFile(at, `${folder}/${path}`)?.toString();
}

function currentFolder(at: number): string | undefined {
  try {
    const target = readlinkat(at, current).toString();
    return /^\.\.[0-9_.a-f]+$/.test(target) ? target : undefined;
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'EINVAL')) return undefined;
    throw error;
  }
}

/** What group and mode give in the end, so that what is there can be compared with it. */
function withGroup(file: FilePayload, gid: number | undefined): FilePayload {
  const mode = gid === undefined ? file.mode : file.mode | 0o440;
  return { ...file, mode: mode & 0o777 };
}

function holds(at: number, folder: string, files: Payload): boolean {
  for (const [path, { bytes, mode, uid }] of files) {
    const found = readFile(at, `${folder}/${path}`, (status) => {
      const isOwner = uid === undefined || status.uid === uid;
      return (status.mode & 0o777) === mode && status.sizeBytes === bytes.length && isOwner;
    });
    if (found === undefined || !found.equals(bytes)) return false;
  }
  return countFiles(at, folder) === files.size;
}

type Check = (status: ReturnType<typeof fstat>) => boolean;

function readFile(at: number, path: string, check: Check = () => true): Buffer | undefined {
  try {
    using file = openat2(at, path, { flags: OpenFlag.nonBlocking, resolve: ownFilesOnly });
    const status = fstat(file.fd);
    if (!isRegular(status) || !check(status)) return undefined;
    return status.sizeBytes > limits.volumeFileBytes ? undefined : readFileSync(file.fd);
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) return undefined;
    throw error;
  }
}

function countFiles(at: number, path: string): number {
  using folder = openat2(at, path, inFolder);
  let count = 0;
  for (const name of listNames(folder.fd)) {
    const entry = Buffer.from(name, 'latin1').toString();
    using child = openat2(folder.fd, entry, { flags: OpenFlag.path | OpenFlag.noFollow });
    count += isRegular(fstat(child.fd)) ? 1 : countFiles(folder.fd, entry);
  }
  return count;
}

interface Writing {
  readonly files: Payload;
  readonly gid: number | undefined;
}

function writeAll(at: number, folder: string, { files, gid }: Writing): void {
  using root = openat2(at, folder, inFolder);
  // The umask is the kubelet's own; who may enter is decided here.
  fchmodat(root.fd, '', 0o755);
  giveFolder(root, gid);
  const made = new Set<string>();
  for (const [path, file] of files) {
    const parts = path.split('/');
    for (let length = 1; length < parts.length; length += 1) {
      const parent = parts.slice(0, length).join('/');
      if (made.has(parent)) continue;
      made.add(parent);
      mkdirat(root.fd, parent, 0o755);
      using opened = openat2(root.fd, parent, inFolder);
      fchmodat(opened.fd, '', 0o755);
      giveFolder(opened, gid);
    }
    writeFile(root.fd, path, { file, gid });
  }
}

function giveFolder(folder: Descriptor, gid: number | undefined): void {
  if (gid === undefined) return;
  fchownat(folder.fd, '', { gid });
  fchmodat(folder.fd, '', 0o2755);
}

function writeFile(
  at: number,
  path: string,
  { file, gid }: { readonly file: FilePayload; readonly gid: number | undefined },
): void {
  const flags = OpenFlag.writeOnly | OpenFlag.create | OpenFlag.exclusive;
  using opened = openat2(at, path, { flags, mode: 0o600, resolve: ResolveFlag.beneath });
  for (let from = 0; from < file.bytes.length;) from += writeSync(opened.fd, file.bytes, from);
  const { uid } = file;
  fchownat(opened.fd, '', { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) });
  fchmodat(opened.fd, '', file.mode);
}

/** `app.yaml` leads to `..data/app.yaml`, whichever folder that is. */
function ensureLink(at: number, name: string): void {
  const target = `${current}/${name}`;
  try {
    symlinkat(target, { at, path: name });
  } catch (error) {
    if (!isKernelError(error, 'EEXIST')) throw error;
  }
}

/** Names of files that are no more, folders of before, and what a killed call left. */
async function sweep(at: number, names: ReadonlySet<string>, folder: string): Promise<void> {
  using listed = openat2(at, '.', inFolder);
  for (const raw of listNames(listed.fd)) {
    const name = Buffer.from(raw, 'latin1').toString();
    if (name === current || name === folder || names.has(name)) continue;
    await removeTree(at, name);
  }
}

function dropFile(at: number, name: string): void {
  try {
    unlinkat(at, name);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT')) throw error;
  }
}

/** `2026_01_31_23_59_59` */
function stamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, '_');
}

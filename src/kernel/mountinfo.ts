import { readFileSync } from 'node:fs';
import { DomainError } from '../base/error.ts';

/** A line of /proc/PID/mountinfo, proc_pid_mountinfo(5). */
export interface Mount {
  readonly id: number;
  readonly parentId: number;
  /** The device as `major:minor`, st_dev of the files on it. */
  readonly device: string;
  /** Which folder of the file system is mounted; not `/` for bind mounts. */
  readonly root: string;
  /** Where, relative to the process's root. */
  readonly mountPoint: string;
  /** Options of this mount: rw, nosuid, relatime … */
  readonly options: readonly string[];
  /** The peer group it shares with; `master` is the group it receives from. */
  readonly shared?: number;
  readonly master?: number;
  /** The nearest group of ours it receives from, when `master` is out of our sight. */
  readonly propagateFrom?: number;
  readonly unbindable: boolean;
  readonly fileSystem: string;
  /** Device or name; "none" by custom where there is none. */
  readonly source: string;
  /** Options of the file system. */
  readonly superOptions: readonly string[];
}

/** The kernel sets no limit; a machine with this many mounts is beyond use. */
const maximumBytes = 64 * 1024 * 1024;

/** The mounts a process sees, in the order they were made. ENOENT when it has ended. */
export function readMounts(pid: number | 'self' = 'self'): Mount[] {
  const bytes = readFileSync(`/proc/${pid}/mountinfo`);
  if (bytes.length > maximumBytes) throw new DomainError('invalid', 'mountinfo is too long');
  return parseMountinfo(bytes.toString());
}

/** Throws DomainError `invalid` for a line that is none. */
export function parseMountinfo(text: string): Mount[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
}

/**
 * The mount that a path (absolute, links resolved) lies on: of the longest mount points the last,
 * which covers the others.
 */
export function findMount(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (!contains(mount.mountPoint, path)) continue;
    if (found === undefined || mount.mountPoint.length >= found.mountPoint.length) found = mount;
  }
  return found;
}

/** True when `path` is the folder or lies in it: `/a` holds `/a/b` but not `/ab`. */
function contains(folder: string, path: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
function parseLine(line: string): Mount {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [id, parentId, device, root, mountPoint, options] = fields;
  const [fileSystem, source, superOptions] = fields.slice(separator + 1);
  if (separator < 0 || mountPoint === undefined || fileSystem === undefined) {
    throw new DomainError('invalid', `"${line.slice(0, 200)}" is no line of mountinfo`);
  }
  return {
    id: numberOf(id, line),
    parentId: numberOf(parentId, line),
    device: device ?? '',
    root: unescape(root ?? ''),
    mountPoint: unescape(mountPoint),
    options: (options ?? '').split(','),
    ...propagationOf(fields.slice(6, separator), line),
    fileSystem: unescape(fileSystem),
    source: unescape(source ?? ''),
    superOptions: (superOptions ?? '').split(',').map(unescape),
  };
}

/** Zero or more of shared:N, master:N, propagate_from:N, unbindable; unknown ones are ignored. */
function propagationOf(fields: readonly string[], line: string) {
  const tags = new Map<string, string | undefined>(
    fields.map((field) => {
      const [tag = '', group] = field.split(':', 2);
      return [tag, group];
    }),
  );
  const group = (tag: string) => (tags.has(tag) ? numberOf(tags.get(tag), line) : undefined);
  const [shared, master] = [group('shared'), group('master')];
  const propagateFrom = group('propagate_from');
  return {
    ...(shared === undefined ? {} : { shared }),
    ...(master === undefined ? {} : { master }),
    ...(propagateFrom === undefined ? {} : { propagateFrom }),
    unbindable: tags.has('unbindable'),
  };
}

/** The kernel writes space, tab, newline, backslash and # as \ooo. */
function unescape(field: string): string {
  if (!field.includes('\\')) return field;
  return field.replaceAll(/\\([0-7]{3})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
}

function numberOf(field: string | undefined, line: string): number {
  if (field !== undefined && /^[0-9]+$/.test(field)) return Number(field);
  throw new DomainError('invalid', `"${line.slice(0, 200)}" is no line of mountinfo`);
}

import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { toNameText } from './tar-entry.ts';

/** What an entry's name asks for; `folders` lead to `name`. All are single names, not paths. */
export interface EntryPath {
  readonly kind: 'root' | 'make' | 'hide' | 'opaque' | 'ignore';
  readonly folders: readonly string[];
  readonly name: string;
}

const whiteout = '.wh.';
const reserved = '.wh..wh.';
const opaque = '.wh..wh..opq';

/**
 * Reads an entry's name as the image specification has it: `.wh.NAME` hides NAME of lower layers,
 * `.wh..wh..opq` all of a folder, other `.wh..wh.` names are aufs' own and ignored. A leading slash
 * is dropped, as every unpacker does. Throws DomainError `invalid` for `..` and names too long.
 */
export function readEntryPath(path: string, depth: number = limits.layerDepth): EntryPath {
  const names = splitPath(path);
  const name = names.pop();
  if (name === undefined) return { kind: 'root', folders: [], name: '' };
  if (names.length > depth) throw refuse(path, `lies deeper than the bound of ${depth} folders`);
  if (names.some((folder) => folder.startsWith(reserved))) {
    return { kind: 'ignore', folders: [], name };
  }
  if (names.some((folder) => folder.startsWith(whiteout))) {
    throw refuse(path, 'lies beneath a whiteout');
  }
  return { ...readName(path, name), folders: names };
}

/** The names in a path, `.` and empty ones left out; the checks of {@link readEntryPath}. */
export function splitPath(path: string): string[] {
  if (path.length > limits.tarPathBytes) {
    throw refuse(path, `is longer than the bound of ${limits.tarPathBytes} bytes`);
  }
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw refuse(path, 'has ".." in its name');
  if (path.includes('\0')) throw refuse(path, 'has a NUL byte in its name');
  if (names.some((name) => name.length > limits.tarNameBytes)) {
    throw refuse(path, `has a name longer than the bound of ${limits.tarNameBytes} bytes`);
  }
  return names;
}

/** A DomainError about one entry, which it names, at most 200 characters of it. */
export function refuse(path: string, why: string, cause?: unknown): DomainError {
  const text = toNameText(path.length > 200 ? `${path.slice(0, 200)}...` : path);
  const options = cause === undefined ? {} : { cause };
  return new DomainError('invalid', `Entry ${JSON.stringify(text)} ${why}`, options);
}

function readName(path: string, name: string): Pick<EntryPath, 'kind' | 'name'> {
  if (name === opaque) return { kind: 'opaque', name: '' };
  if (name.startsWith(reserved)) return { kind: 'ignore', name };
  if (!name.startsWith(whiteout)) return { kind: 'make', name };
  const hidden = name.slice(whiteout.length);
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw refuse(path, 'is a whiteout of no name');
  }
  return { kind: 'hide', name: hidden };
}

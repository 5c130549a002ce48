import { open, type FileHandle } from 'node:fs/promises';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { splitPath } from './entry-path.ts';
import { fromNameText, toNameText, type TarEntry } from './tar-entry.ts';
import { TarReader } from './tar-reader.ts';

/** A file in an archive: so many bytes from an offset. */
export interface ArchivedFile {
  readonly offset: number;
  readonly size: number;
}

interface Indexed extends ArchivedFile {
  readonly type: TarEntry['type'];
  readonly linkName: string;
}

/**
 * The files of an uncompressed tar archive on disk, for reading in any order: what `save` writes
 * has its table of contents at the end. Only headers are read, so that opening is quick. The names
 * come from the archive: they are looked up here and never used on a file system.
 */
export class ArchiveIndex implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #entries = new Map<string, Indexed>();

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Throws DomainError `invalid` for what is no archive or exceeds a bound. */
  static async open(path: string): Promise<ArchiveIndex> {
    const index = new ArchiveIndex(await open(path, 'r'));
    try {
      await index.#readHeaders();
      return index;
    } catch (error) {
      await index.#handle.close();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.#entries.keys()].map(toNameText);
  }

  /** The file with this name; links in the archive are followed, as old `docker save` has some. */
  find(name: string): ArchivedFile | undefined {
    let path = splitPath(fromNameText(name)).join('/');
    for (let links = 0; links < 8; links += 1) {
      const entry = this.#entries.get(path);
      if (entry?.type === 'file') return { offset: entry.offset, size: entry.size };
      if (entry?.type === 'hardLink') path = joinInside('', entry.linkName);
      else if (entry?.type === 'symbolicLink') path = joinInside(parentOf(path), entry.linkName);
      else return undefined;
    }
    return undefined;
  }

  /** All of a small file. Throws DomainError: `notFound`, or `invalid` beyond the bound. */
  async read(name: string, maximumBytes: number): Promise<Buffer> {
    const file = this.find(name);
    if (file === undefined) throw new DomainError('notFound', `The archive has no "${name}"`);
    if (file.size > maximumBytes) {
      const bound = `the bound is ${maximumBytes}`;
      throw new DomainError('invalid', `"${name}" in the archive has ${file.size} bytes; ${bound}`);
    }
    const parts: Uint8Array[] = [];
    for await (const part of this.stream(file)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** A file's content in parts. Throws DomainError `invalid` when the archive was cut meanwhile. */
  async *stream(file: ArchivedFile): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < file.size;) {
      const part = Buffer.allocUnsafe(Math.min(partBytes, file.size - done));
      const { bytesRead } = await this.#handle.read(part, 0, part.length, file.offset + done);
      if (bytesRead === 0) throw new DomainError('invalid', 'The archive ends within a file');
      done += bytesRead;
      yield part.subarray(0, bytesRead);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #readHeaders(): Promise<void> {
    const reader = new TarReader({
      entry: (entry, offset) => this.#add(entry, offset),
      data: () => undefined,
      end: () => undefined,
    });
    const { size } = await this.#handle.stat();
    const buffer = Buffer.allocUnsafe(headerReadBytes);
    for (let at = 0; at < size;) {
      const skipped = reader.skippableBytes;
      if (skipped > 0) {
        if (at + skipped > size) break;
        reader.skip();
        at += skipped;
        continue;
      }
      const bytes = reader.wantedBytes;
      if (bytes === 0) break;
      const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(bytes, buffer.length), at);
      if (bytesRead === 0) break;
      reader.write(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    reader.finish();
  }

  /** A later entry of the same name wins, as when unpacking. */
  #add(entry: TarEntry, offset: number): void {
    const path = splitPath(entry.name).join('/');
    if (path === '') return;
    if (entry.extents !== undefined) {
      throw new DomainError('unsupported', `"${toNameText(path)}" in the archive is sparse`);
    }
    if (this.#entries.size >= limits.archiveEntries && !this.#entries.has(path)) {
      const bound = `the bound of ${limits.archiveEntries}`;
      throw new DomainError('invalid', `The archive has more entries than ${bound}`);
    }
    const { type, size, linkName } = entry;
    this.#entries.set(path, { type, size, linkName, offset });
  }
}

const partBytes = 256 * 1024;
const headerReadBytes = 64 * 1024;

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Where a link leads; `..` goes up to the archive's root at most. */
function joinInside(folder: string, target: string): string {
  const names = target.startsWith('/') || folder === '' ? [] : folder.split('/');
  for (const name of target.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}

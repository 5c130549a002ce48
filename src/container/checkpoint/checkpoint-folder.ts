import { constants, copyFileSync, mkdirSync, readdirSync, readSync } from 'node:fs';
import { DomainError, isKernelError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { currentFolder, openat2, OpenFlag, ResolveFlag } from '../../kernel/open.ts';
import { fstat, isRegular, type FileStatus } from '../../kernel/stat.ts';

const resolve = ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMounts;
/** A fifo in a file's place answers at once. */
const reading = OpenFlag.readOnly | OpenFlag.noFollow | OpenFlag.nonBlocking;

/** Files of criu's images: four for each process, and some for the tree. */
const maximumFiles = 100_000;
const imageName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * A checkpoint's folder, which is only read. Whoever can write it can have criu make anything as
 * root, so it has to be root's. Every file is opened beneath it, without following any link.
 */
export class CheckpointFolder implements Disposable {
  readonly #folder: Descriptor;

  private constructor(folder: Descriptor) {
    this.#folder = folder;
    const status = fstat(folder.fd);
    if (status.uid === 0 && (status.mode & 0o022) === 0) return;
    folder.close();
    throw new DomainError('denied', 'The checkpoint can be written by others than root');
  }

  /** By an absolute path whose last part is no link. */
  static open(path: string): CheckpointFolder {
    try {
      const flags = OpenFlag.readOnly | OpenFlag.directory | OpenFlag.noFollow;
      return new CheckpointFolder(openat2(currentFolder, path, { flags }));
    } catch (cause) {
      if (!isKernelError(cause)) throw cause;
      throw new DomainError('invalid', `There is no checkpoint in "${path}"`, { cause });
    }
  }

  /** A folder in this one. */
  child(name: string): CheckpointFolder {
    const flags = OpenFlag.readOnly | OpenFlag.directory | OpenFlag.noFollow;
    return new CheckpointFolder(this.#open(name, flags));
  }

  /** A document, of bounded size. */
  document(name: string): unknown {
    using file = this.file(name);
    const { sizeBytes } = fstat(file.fd);
    if (sizeBytes > limits.checkpointDocumentBytes) {
      throw new DomainError('invalid', `The checkpoint's "${name}" is too long`);
    }
    const bytes = Buffer.alloc(sizeBytes);
    let length = 0;
    for (let count = 1; count > 0 && length < sizeBytes; length += count) {
      count = readSync(file.fd, bytes, length, sizeBytes - length, length);
    }
    try {
      return JSON.parse(bytes.toString('utf8', 0, length));
    } catch (cause) {
      throw new DomainError('invalid', `The checkpoint's "${name}" is damaged`, { cause });
    }
  }

  /** A regular file, open for reading; the caller's. */
  file(name: string): Descriptor {
    const file = this.#open(name, reading);
    if (isRegular(fstat(file.fd)) && isRoots(fstat(file.fd))) return file;
    file.close();
    throw new DomainError('invalid', `The checkpoint's "${name}" is no regular file of root's`);
  }

  /** All of a folder's files, which must be all that it has, to a new folder. */
  copyImages(name: string, target: string): void {
    using source = this.child(name);
    const names = readdirSync(`/proc/self/fd/${source.#folder.fd}`);
    if (names.length > maximumFiles) throw new DomainError('invalid', 'Too many images');
    mkdirSync(target, { mode: 0o700 });
    let bytes = 0;
    for (const each of names) {
      if (!imageName.test(each)) {
        throw new DomainError('invalid', `"${each.slice(0, 128)}" is no image's name`);
      }
      using file = source.file(each);
      bytes += fstat(file.fd).sizeBytes;
      if (bytes > limits.layerBytes) throw new DomainError('invalid', 'Images are too large');
      copyFileSync(`/proc/self/fd/${file.fd}`, `${target}/${each}`, copyFlags);
    }
  }

  [Symbol.dispose](): void {
    this.#folder.close();
  }

  #open(name: string, flags: number): Descriptor {
    try {
      return openat2(this.#folder.fd, name, { flags, resolve });
    } catch (cause) {
      if (!isKernelError(cause)) throw cause;
      const text = `The checkpoint has no "${name}" that can be used: ${messageOf(cause)}`;
      throw new DomainError('invalid', text, { cause });
    }
  }
}

const copyFlags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

function isRoots({ uid, mode }: FileStatus): boolean {
  return uid === 0 && (mode & 0o022) === 0;
}

import { closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError, hasCode } from '../base/error.ts';
import { addon } from '../kernel/addon.ts';

/**
 * The open folder of one cgroup. All reads and writes go through its descriptor, so a cgroup that
 * is removed and made again under the same name is never mistaken for this one.
 */
export class CgroupFolder implements Disposable {
  /** The absolute path, for messages and for people; nothing is opened by it. */
  readonly path: string;
  #descriptor: number;

  /** Takes the descriptor over. */
  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.path = path;
  }

  /** The folder's descriptor, which stays this object's. */
  get descriptor(): number {
    if (this.#descriptor < 0) throw new DomainError('conflict', `Cgroup "${this.path}" is closed`);
    return this.#descriptor;
  }

  /** Opens a cgroup below, without following symbolic links and never outside of this one. */
  open(relativePath: string): CgroupFolder {
    const descriptor = addon.cgroupOpen(this.descriptor, relativePath, this.path);
    return new CgroupFolder(descriptor, join(this.path, relativePath));
  }

  /** Opens the cgroup that this one is in. Nobody asks it of the hierarchy's own. */
  openParent(): CgroupFolder {
    const descriptor = addon.cgroupOpenParent(this.descriptor, '..', this.path);
    return new CgroupFolder(descriptor, dirname(this.path));
  }

  /** Makes a child; false when it is there already. */
  make(name: string): boolean {
    return addon.cgroupMake(this.descriptor, name, this.path);
  }

  /** Removes an empty child; a missing one is fine. EBUSY while it has processes or children. */
  removeChild(name: string): void {
    try {
      addon.cgroupRemove(this.descriptor, name, this.path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }

  /** Names of the cgroups in it. */
  children(): string[] {
    return addon.cgroupChildren(this.descriptor, '.', this.path);
  }

  /** Names of its interface files. */
  files(): string[] {
    return addon.cgroupFiles(this.descriptor, '.', this.path);
  }

  read(file: string): string {
    return addon.cgroupRead(this.descriptor, file, this.path);
  }

  /** Undefined where the kernel or a disabled controller does not offer the file. */
  readOptional(file: string): string | undefined {
    try {
      return this.read(file);
    } catch (error) {
      // EOPNOTSUPP: the file is there, what it shows is switched off (pressure with psi=0).
      if (hasCode(error, 'ENOENT', 'EOPNOTSUPP')) return undefined;
      throw error;
    }
  }

  write(file: string, text: string): void {
    addon.cgroupWrite(this.descriptor, file, this.path, text);
  }

  /** Gives a file of the cgroup, or with '.' the folder itself, to a user. */
  chown(name: string, uid: number, gid: number): void {
    addon.cgroupChown(this.descriptor, name, this.path, uid, gid);
  }

  /** A path that reaches this very folder while it is open, whatever happens to its name. */
  get ownPath(): string {
    return `/proc/self/fd/${this.descriptor}`;
  }

  [Symbol.dispose](): void {
    if (this.#descriptor < 0) return;
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

function join(folder: string, name: string): string {
  if (name === '.') return folder;
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

import { constants, openSync, readFileSync } from 'node:fs';
import { DomainError, isKernelError } from '../base/error.ts';
import { Cgroup } from './cgroup.ts';
import { createCgroup, type CreateOptions } from './create-cgroup.ts';
import { CgroupFolder } from './folder.ts';
import { words } from './interface-file.ts';
import { hierarchyMounts } from './mount.ts';
import { componentsOf, normalPath } from './path.ts';

/**
 * Finds the cgroup v2 hierarchy in /proc/self/mountinfo: `/sys/fs/cgroup` where it is pure,
 * `/sys/fs/cgroup/unified` where v1 is mounted beside it (hybrid). Its descriptor is open until the
 * hierarchy is disposed. Throws DomainError `unsupported` where there is no cgroup v2.
 */
export function openHierarchy(): Hierarchy {
  const [mountPoint] = hierarchyMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (mountPoint === undefined) {
    throw new DomainError('unsupported', 'No cgroup v2 hierarchy is mounted; see keelson doctor');
  }
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  return new Hierarchy(new CgroupFolder(openSync(mountPoint, flags), mountPoint));
}

/** The whole tree of cgroups. Paths of cgroups begin with `/` and are below the mount point. */
export class Hierarchy implements Disposable {
  readonly #folder: CgroupFolder;

  /** Takes the folder over. */
  constructor(folder: CgroupFolder) {
    this.#folder = folder;
  }

  /** Where it is mounted. */
  get mountPoint(): string {
    return this.#folder.path;
  }

  /** The controllers that this hierarchy can distribute; those of v1 hierarchies are not in it. */
  controllers(): string[] {
    return words(this.#folder.read('cgroup.controllers'));
  }

  /** Opens a cgroup that exists; disposing it leaves the cgroup. DomainError `notFound`. */
  open(path: string): Cgroup {
    const folder = this.#openFolder(path);
    if (folder === undefined) throw new DomainError('notFound', `No cgroup "${normalPath(path)}"`);
    return new Cgroup(this.#folder, folder, normalPath(path));
  }

  /**
   * Makes a cgroup, and its parents, with controllers enabled down the path (`mkdir -p`, then
   * `echo +cpu … > cgroup.subtree_control` in each parent). One that exists is opened, unless
   * `exclusive` is asked for.
   */
  create(path: string, options: CreateOptions = {}): Cgroup {
    const folder = createCgroup(this.#folder, componentsOf(path), options);
    return new Cgroup(this.#folder, folder, normalPath(path));
  }

  /** Ends all processes of a cgroup and removes it with everything below; a missing one is fine. */
  async remove(path: string, options?: { readonly timeoutMs?: number }): Promise<void> {
    const folder = this.#openFolder(path);
    if (folder === undefined) return;
    using cgroup = new Cgroup(this.#folder, folder, normalPath(path));
    await cgroup.remove(options);
  }

  #openFolder(path: string): CgroupFolder | undefined {
    const components = componentsOf(path);
    try {
      return this.#folder.open(components.length === 0 ? '.' : components.join('/'));
    } catch (error) {
      if (isKernelError(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

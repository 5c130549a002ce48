import { DomainError } from '../base/error.ts';
import { enableControllers } from './enable-controllers.ts';
import type { CgroupFolder } from './folder.ts';

export interface CreateOptions {
  /**
   * Controllers to enable for the cgroup. By default all that its parent has; one that cannot be
   * enabled is then left out, and a setting that needs it says why. Those named here must work.
   */
  readonly controllers?: readonly string[];
  /** Fail with DomainError `exists` when the cgroup is there already. */
  readonly exclusive?: boolean;
}

/** Makes the cgroups along `components` and returns the last one's folder, owned by the caller. */
export function createCgroup(
  root: CgroupFolder,
  components: readonly string[],
  options: CreateOptions,
): CgroupFolder {
  let folder = root.open('.');
  for (const [index, name] of components.entries()) {
    using parent = folder;
    enableControllers(parent, options.controllers);
    const made = parent.make(name);
    if (!made && options.exclusive === true && index === components.length - 1) {
      throw new DomainError('exists', `Cgroup "${parent.path}/${name}" exists`);
    }
    folder = openChild(parent, name);
  }
  return folder;
}

/** Another process may remove an empty parent between our mkdir and our open; that ends here. */
function openChild(parent: CgroupFolder, name: string): CgroupFolder {
  for (let attempt = 0; ; attempt++) {
    try {
      return parent.open(name);
    } catch (error) {
      if (attempt === 3) throw error;
      parent.make(name);
    }
  }
}

import { DomainError, hasCode } from '../base/error.ts';
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
  const ready = options.controllers === undefined ? readyParent(root, components) : undefined;
  let folder = ready ?? root.open('.');
  const from = ready === undefined ? 0 : components.length - 1;
  for (const [index, name] of components.entries()) {
    if (index < from) continue;
    using parent = folder;
    if (ready === undefined) enableControllers(parent, options.controllers);
    const made = parent.make(name);
    if (!made && options.exclusive === true && index === components.length - 1) {
      throw new DomainError('exists', `Cgroup "${parent.path}/${name}" exists`);
    }
    folder = openChild(parent, name);
  }
  return folder;
}

/**
 * The last cgroup's parent, where it is there and gives children all that the hierarchy has: then
 * the cgroups above have all enabled, and walking down to it, as for a pod's second container,
 * would change nothing.
 */
function readyParent(root: CgroupFolder, components: readonly string[]): CgroupFolder | undefined {
  if (components.length < 2) return undefined;
  using undo = new DisposableStack();
  let parent: CgroupFolder;
  try {
    parent = undo.use(root.open(components.slice(0, -1).join('/')));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  const enabled = parent.read('cgroup.subtree_control');
  if (enabled !== root.read('cgroup.controllers')) return undefined;
  undo.move();
  return parent;
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

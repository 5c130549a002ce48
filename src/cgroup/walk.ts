import { hasCode } from '../base/error.ts';
import type { CgroupFolder } from './folder.ts';

export interface Visit {
  /** Before the cgroups below it. The folder is closed after. */
  enter?(folder: CgroupFolder): void;
  /** After all below it; it is then a child of `parent` without children that were seen. */
  leave?(parent: CgroupFolder, name: string): void;
}

/**
 * Visits all cgroups below one. Who may make cgroups may nest them thousands deep, so this holds
 * two descriptors at a time, not one a level: it goes back by `..`, which in cgroup v2, where
 * nothing is renamed, is where it came from. Cgroups that vanish meanwhile are passed over.
 */
export function walkBelow(top: CgroupFolder, visit: Visit): void {
  const above: { readonly name: string; readonly rest: string[] }[] = [];
  let folder = top.open('.');
  let rest = childrenOf(folder);
  try {
    for (;;) {
      const name = rest.pop();
      const child = name === undefined ? undefined : openUnlessGone(folder, name);
      if (name !== undefined && child !== undefined) {
        visit.enter?.(child);
        above.push({ name, rest });
        rest = childrenOf(child);
        folder = replace(folder, child);
      } else if (name === undefined) {
        const last = above.pop();
        if (last === undefined) return;
        rest = last.rest;
        folder = replace(folder, folder.openParent());
        visit.leave?.(folder, last.name);
      }
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    folder[Symbol.dispose]();
  }
}

function replace(folder: CgroupFolder, next: CgroupFolder): CgroupFolder {
  folder[Symbol.dispose]();
  return next;
}

function childrenOf(folder: CgroupFolder): string[] {
  try {
    return folder.children();
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function openUnlessGone(folder: CgroupFolder, name: string): CgroupFolder | undefined {
  try {
    return folder.open(name);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return hasCode(error, 'ENOENT', 'ENODEV');
}

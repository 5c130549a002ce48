import { DomainError, hasCode } from '../base/error.ts';
import type { CgroupFolder } from './folder.ts';
import { words } from './interface-file.ts';

/**
 * Makes `cgroup.subtree_control` of a cgroup hold the controllers, so that its children have their
 * files (`echo "+cpu +memory" > cgroup.subtree_control`). Without names: all that can be enabled.
 */
export function enableControllers(parent: CgroupFolder, names?: readonly string[]): void {
  const enabled = new Set(words(parent.read('cgroup.subtree_control')));
  const wanted = names ?? words(parent.read('cgroup.controllers'));
  const missing = wanted.filter((name) => !enabled.has(name));
  if (missing.length === 0) return;
  if (tryEnable(parent, missing) === undefined) return;
  // One refused controller makes the whole write fail, so they are tried one by one.
  for (const name of missing) {
    const error = tryEnable(parent, [name]);
    if (error !== undefined && names !== undefined) throw explain(parent, name, error);
  }
}

/** Why a controller is not in a cgroup's `cgroup.controllers`, as words for an error message. */
export function whyDisabled(parent: CgroupFolder, name: string): string {
  if (!words(parent.read('cgroup.controllers')).includes(name)) {
    return `the kernel does not offer the ${name} controller in "${parent.path}"`;
  }
  const error = tryEnable(parent, [name]);
  return error === undefined
    ? `the ${name} controller was not enabled in "${parent.path}"`
    : explain(parent, name, error).message;
}

function tryEnable(parent: CgroupFolder, names: readonly string[]): unknown {
  try {
    parent.write('cgroup.subtree_control', names.map((name) => `+${name}`).join(' '));
    return undefined;
  } catch (error) {
    return error;
  }
}

function explain(parent: CgroupFolder, name: string, cause: unknown): DomainError {
  const subject = `Cannot enable the ${name} controller in cgroup "${parent.path}"`;
  if (hasCode(cause, 'EBUSY')) {
    const rule =
      'it has processes of its own, and a cgroup that distributes resources to children must not ' +
      '(no-internal-process rule); move them into a child first';
    return new DomainError('conflict', `${subject}: ${rule}`, { cause });
  }
  if (hasCode(cause, 'ENOENT')) {
    return new DomainError('unsupported', `${subject}: the kernel does not offer it here`);
  }
  return new DomainError('conflict', subject, { cause });
}

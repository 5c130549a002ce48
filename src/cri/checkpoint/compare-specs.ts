import { DomainError } from '../../base/error.ts';
import { isObject } from '../../base/is-object.ts';
import type { Spec } from '../../container/spec.ts';

/**
 * A restored process keeps what it was: what the request expects of it must be the same. Pure.
 * Throws DomainError `conflict`, naming the field of the specification that differs.
 */
export function compareSpecs(then: unknown, now: Spec): void {
  const before = facts(isObject(then) ? then : {});
  const after = facts(now);
  for (const [field, value] of Object.entries(after)) {
    if (canonical(before[field]) === canonical(value)) continue;
    throw new DomainError('conflict', `The container in the checkpoint has another ${field}`);
  }
}

/** What criu brings back, and nobody could change afterwards. */
function facts({ process, linux, root }: Partial<Spec>): Readonly<Record<string, unknown>> {
  return {
    'process.args': process?.args,
    'process.cwd': process?.cwd,
    // The pod's name in it is the runtime's doing, and may be a new pod's.
    'process.env': process?.env?.filter((entry) => !entry.startsWith('HOSTNAME=')).toSorted(),
    'process.user': process?.user,
    'process.terminal': process?.terminal === true,
    'process.capabilities': process?.capabilities,
    'process.noNewPrivileges': process?.noNewPrivileges === true,
    'process.rlimits': process?.rlimits ?? [],
    'linux.seccomp': linux?.seccomp,
    'linux.maskedPaths': linux?.maskedPaths ?? [],
    'linux.readonlyPaths': linux?.readonlyPaths ?? [],
    'linux.namespaces': linux?.namespaces
      ?.map(({ type, path = '' }) => `${type} ${path === '' ? 'own' : 'joined'}`)
      .toSorted(),
    'root.readonly': root?.readonly === true,
  };
}

/** As JSON with the keys in order. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([one], [two]) => (one < two ? -1 : 1)))
      : inner,
  );
}

import { DomainError } from '../../base/error.ts';
import type { ContainerRequest } from '../container-engine.ts';
import type { NamespaceType } from '../spec-linux.ts';
import { networkKey, type CheckpointDocument } from './checkpoint-document.ts';

export interface DumpFacts {
  readonly pid: number;
  /** The container's own cgroup, which is frozen. */
  readonly cgroupFolder: string;
  /** For the images; and for the log. */
  readonly images: string;
  readonly work: string;
  readonly document: CheckpointDocument;
  /** The inode of its network namespace, where that is the pod's. */
  readonly network: bigint | undefined;
  readonly timeoutMs: number;
}

/** Throws DomainError `unsupported` for what criu would not do, or nobody could restore. */
export function checkDump({ runtime, spec }: Pick<ContainerRequest, 'runtime' | 'spec'>): void {
  if (runtime !== undefined) throw refuse(`It runs by another OCI runtime, "${runtime.path}"`);
  if (spec.process?.terminal === true) throw refuse('It has a terminal');
  if (namespacePath(spec.linux?.namespaces, 'pid') !== '') {
    throw refuse('It shares its PID namespace');
  }
  if (namespacePath(spec.linux?.namespaces, 'user') !== undefined) {
    throw refuse('It has a user namespace');
  }
  if (namespacePath(spec.linux?.namespaces, 'time') !== undefined) {
    throw refuse('It has a time namespace');
  }
}

function refuse(what: string): DomainError {
  return new DomainError('unsupported', what);
}

/** '' for one of its own, undefined where it has the runtime's. */
export function namespacePath(
  namespaces: readonly { readonly type: NamespaceType; readonly path?: string }[] | undefined,
  type: NamespaceType,
): string | undefined {
  const found = (namespaces ?? []).find((namespace) => namespace.type === type);
  return found === undefined ? undefined : (found.path ?? '');
}

/** The words of `criu dump` for a container that goes on afterwards. Pure. */
export function planDump(facts: DumpFacts): readonly string[] {
  const { pid, images, work, document, network } = facts;
  const files = document.streams.filter((name) => name.startsWith('file'));
  const externals = [
    ...document.externals.map(({ path }) => `mnt[${path}]:${path}`),
    ...new Set(files),
    ...(network === undefined ? [] : [`net[${network}]:${networkKey}`]),
  ];
  const limit = Math.max(1, Math.ceil(facts.timeoutMs / 1000));
  const options = [
    `--tree=${pid}`,
    `--images-dir=${images}`,
    `--work-dir=${work}`,
    '--log-file=dump.log',
    '-v2',
    '--leave-running',
    `--freeze-cgroup=${facts.cgroupFolder}`,
    '--manage-cgroups=ignore',
    `--timeout=${limit}`,
    '--file-locks',
    '--tcp-established',
  ];
  return ['dump', ...options, ...externals.map((name) => `--external=${name}`)];
}

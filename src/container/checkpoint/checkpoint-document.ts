import { DomainError } from '../../base/error.ts';
import { isObject } from '../../base/is-object.ts';

/**
 * What a restore has to know beside criu's own images: which of the container's mounts and streams
 * are the runtime's to bring again. File `keelson.dump` beside the images.
 */
export interface CheckpointDocument {
  readonly version: 1;
  readonly externals: readonly ExternalMount[];
  /** criu's names of stdin, stdout and stderr: `pipe:[7]`, `file[18:3]`; '' where it needs none. */
  readonly streams: readonly string[];
  /** The network namespace is the pod's, which criu knows by `networkKey`. */
  readonly network: boolean;
}

export interface ExternalMount {
  /** Its mount point, which is criu's name for it too. */
  readonly path: string;
  /** spec: a mount of the specification, or below one; null: a masked file; cgroup: the cgroup. */
  readonly kind: 'spec' | 'null' | 'cgroup';
}

/** What criu calls the pod's network namespace, as runc has it. */
export const networkKey = 'extRootNetNS';

export const documentName = 'keelson.dump';

const maximumExternals = 1024;

/** Checks a document from an archive. Throws DomainError `invalid` and `unsupported`. */
export function parseCheckpointDocument(value: unknown): CheckpointDocument {
  const document = isObject(value) ? value : {};
  const { version, externals, streams, network } = document;
  if (version !== 1) throw new DomainError('unsupported', 'The checkpoint is of another version');
  const right =
    Array.isArray(externals) &&
    externals.length <= maximumExternals &&
    externals.every(isExternal) &&
    Array.isArray(streams) &&
    streams.length === 3 &&
    streams.every((name) => typeof name === 'string' && streamName.test(name)) &&
    typeof network === 'boolean';
  if (!right) throw new DomainError('invalid', `The checkpoint's "${documentName}" is damaged`);
  return { version, externals, streams, network };
}

const streamName = /^(pipe:\[\d{1,20}\]|file\[[0-9a-f]{1,16}:[0-9a-f]{1,16}\])?$/;

/** A path that means what it says. */
function isExternal(value: unknown): value is ExternalMount {
  if (!isObject(value)) return false;
  const { path, kind } = value;
  if (typeof path !== 'string' || typeof kind !== 'string') return false;
  const names = path.split('/').slice(1);
  const plain = names.every((name) => name !== '' && name !== '.' && name !== '..');
  const named = path.startsWith('/') && plain && !path.includes('\0') && path.length < 4096;
  return named && ['spec', 'null', 'cgroup'].includes(kind);
}

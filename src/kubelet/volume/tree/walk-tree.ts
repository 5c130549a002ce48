import { DomainError, isKernelError } from '../../../base/error.ts';
import { limits } from '../../../base/limits.ts';
import type { Descriptor } from '../../../kernel/descriptor.ts';
import { listNames } from '../../../kernel/folder.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../../kernel/open.ts';
import { type FileStatus, fstat, isFolder } from '../../../kernel/stat.ts';

/** What a pod may have changed is opened so: no link is followed, no mount entered. */
export const ownFilesOnly =
  ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMagicLinks | ResolveFlag.noMounts;

export interface TreeEntry {
  /** O_PATH; closed by the walk. */
  readonly fd: number;
  readonly status: FileStatus;
}

interface Level {
  readonly folder: Descriptor;
  readonly names: string[];
}

/**
 * Everything beneath an open folder, folders before what is in them, each by a descriptor of its
 * own, for a pod may swap names meanwhile. What vanishes is left out, as are mounts. Lets others
 * have their turn now and then. Throws `invalid` for a tree deeper than any use of it.
 */
export async function* walkTree(root: number): AsyncGenerator<TreeEntry> {
  using closing = new DisposableStack();
  const levels: Level[] = [open(root, '.')];
  closing.defer(() => levels.forEach(({ folder }) => folder.close()));
  let seen = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const name = level.names.pop();
    if (name === undefined) {
      levels.pop()?.folder.close();
      continue;
    }
    seen += 1;
    if (seen % limits.volumeTurnEntries === 0) await new Promise((turn) => setImmediate(turn));
    const entry = look(level.folder.fd, name);
    if (entry === undefined) continue;
    using descriptor = entry;
    const status = fstat(descriptor.fd);
    yield { fd: descriptor.fd, status };
    if (!isFolder(status)) continue;
    if (levels.length > limits.volumeDepth) {
      throw new DomainError('invalid', `folders are nested deeper than ${limits.volumeDepth}`);
    }
    levels.push(open(descriptor.fd, '.'));
  }
}

function open(at: number, path: string): Level {
  const flags = OpenFlag.directory | OpenFlag.noFollow;
  const folder = openat2(at, path, { flags, resolve: ownFilesOnly });
  return { folder, names: listNames(folder.fd) };
}

function look(at: number, name: string): Descriptor | undefined {
  try {
    const flags = OpenFlag.path | OpenFlag.noFollow;
    // A link's own descriptor is wanted, which noSymlinks would refuse.
    const resolve = ResolveFlag.beneath | ResolveFlag.noMounts;
    return openat2(at, Buffer.from(name, 'latin1'), { flags, resolve });
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'EXDEV')) return undefined;
    throw error;
  }
}

import { DomainError, isKernelError } from '../../base/error.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { FileSystemContext } from '../../kernel/file-system-context.ts';
import { cloneFlag } from '../../kernel/flag.ts';
import { moveMount } from '../../kernel/mount-tree.ts';
import { mount, MountFlag, setPropagation } from '../../kernel/mount.ts';
import { unshare } from '../../kernel/namespace.ts';
import { currentFolder, openat2, openFolder, openInRoot, OpenFlag } from '../../kernel/open.ts';
import { isFolder, statx } from '../../kernel/stat.ts';
import { splitPath } from '../layer/entry-path.ts';
import { FolderTable } from '../layer/folder-table.ts';
import type { Snapshot } from '../snapshot.ts';

/** Where a container's files are: in a running process's view, or in its snapshot. */
export type RootSource =
  | { readonly pid: number }
  | {
      readonly snapshot: Snapshot;
      readonly readonly: boolean;
      readonly mounts: readonly SourceMount[];
    };

/** What lies over the snapshot when the container runs: volumes and bind mounts. */
export interface SourceMount {
  readonly source: string;
  readonly destination: string;
  readonly readonly: boolean;
}

/**
 * The root folder of a container, for `openInRoot`; the caller closes it. Only for a worker thread
 * that does nothing else afterwards: a snapshot is mounted in a mount namespace of the thread's
 * own, which is gone with it. Needs CAP_SYS_ADMIN.
 */
export function openContainerRoot(source: RootSource): Descriptor {
  if ('pid' in source) return openFolder(`/proc/${source.pid}/root/.`);
  unshare(cloneFlag.mount | ownFolders);
  setPropagation('/', 'private', { recursive: true });
  const { snapshot, mounts } = source;
  mountOverlay(snapshot);
  const root = openFolder(snapshot.upper);
  for (const item of mounts) bindInside(root.fd, item);
  if (!source.readonly) return root;
  mount({ target: snapshot.upper, flags: MountFlag.bind | MountFlag.remount | MountFlag.readOnly });
  return root;
}

/** CLONE_FS: without it a thread's mount namespace cannot be its own. */
const ownFolders = 0x200;

/** Mounted over its own upper folder, which in this namespace nobody else needs to see. */
function mountOverlay({ layers, upper, work }: Snapshot): void {
  using open = new DisposableStack();
  // Short, and without the colons and commas that a path may have.
  const name = (path: string): string => `/proc/self/fd/${open.use(openFolder(path)).fd}`;
  const parts = { lower: layers.map(name), upper: name(upper), work: name(work) };
  try {
    using context = FileSystemContext.open('overlay').setString('source', 'overlay');
    for (const lower of parts.lower) context.setString('lowerdir+', lower);
    context.setString('upperdir', parts.upper).setString('workdir', parts.work).create();
    using made = context.mount();
    moveMount({ at: made.fd, path: '' }, { at: currentFolder, path: upper });
  } catch (error) {
    // Layers one by one are known since Linux 6.5.
    if (!isKernelError(error, 'EINVAL', 'ENOSYS')) throw error;
    mountByOptions(upper, parts);
  }
}

/** All names in the one page that mount(2) takes. */
function mountByOptions(
  target: string,
  { lower, upper, work }: { lower: readonly string[]; upper: string; work: string },
): void {
  const data = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`;
  if (data.length > 4095) {
    throw new DomainError('unsupported', `${lower.length} layers need Linux 6.5 to be copied from`);
  }
  mount({ source: 'overlay', target, fileSystem: 'overlay', data });
}

/** A destination that the image has made a link leads to where it leads in the container. */
function bindInside(root: number, { source, destination, readonly }: SourceMount): void {
  using from = openat2(currentFolder, source, { flags: OpenFlag.path });
  using at = openDestination(root, destination, isFolder(statx(from.fd, '')));
  if (at === undefined) return;
  const target = `/proc/self/fd/${at.fd}`;
  const flags = MountFlag.bind | MountFlag.recursive;
  mount({ source: `/proc/self/fd/${from.fd}`, target, flags });
  if (!readonly) return;
  using made = openInRoot(root, destination, { flags: OpenFlag.path });
  const again = MountFlag.bind | MountFlag.remount | MountFlag.readOnly;
  mount({ target: `/proc/self/fd/${made.fd}`, flags: again });
}

/** A folder that is not there yet is made, as at the container's start; a file's is left out. */
function openDestination(root: number, path: string, asFolder: boolean): Descriptor | undefined {
  try {
    return openInRoot(root, path, { flags: OpenFlag.path });
  } catch (error) {
    if (!isKernelError(error, 'ENOENT')) throw error;
    if (!asFolder) return undefined;
  }
  using folders = new FolderTable(root, () => undefined);
  folders.open(splitPath(path));
  return openInRoot(root, path, { flags: OpenFlag.path });
}

import { DomainError } from '../base/error.ts';
import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';
import { CloneFlag, namespaceKinds, type NamespaceKind } from './namespace-kind.ts';
import { Namespace } from './namespace.ts';

/** A range of ids: `size` of them from `containerId` on mean those from `hostId` on outside. */
export interface IdRange {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/** How a clock inside a time namespace is ahead (or, negative, behind) of the machine's. */
export interface ClockOffset {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export interface NamespaceRequest {
  /** Each kind to make, with the new file to pin it on, or `undefined` to keep it open only. */
  readonly kinds: Partial<Readonly<Record<NamespaceKind, string | undefined>>>;
  /** With `user`: needed, for in an unmapped namespace nobody can do anything. */
  readonly uidMap?: readonly IdRange[];
  readonly gidMap?: readonly IdRange[];
  /** Forbids setgroups, which an unprivileged caller must do to be allowed a gid map. */
  readonly denySetgroups?: boolean;
  /** With `time`. */
  readonly offsets?: { readonly monotonic?: ClockOffset; readonly boottime?: ClockOffset };
}

export type CreatedNamespaces = Partial<Readonly<Record<NamespaceKind, Namespace>>>;

/**
 * Makes namespaces, all by one call on a throwaway thread, and pins those that name a file; when
 * one fails, none is left. With `user` a child of the addon makes them, so that the new user
 * namespace owns the others. The caller closes what is returned; pins stay.
 *
 * A `pid` namespace lives only as long as its first process, so it cannot be made alone:
 * DomainError `unsupported`. Start that process with `spawn`, then pin `/proc/PID/ns/pid`.
 *
 * Throws KernelError: EPERM without CAP_SYS_ADMIN, or for `user` in a chroot; ENOSPC at a limit of
 * /proc/sys/user; EEXIST when the file to pin on is there.
 * Equivalent: `unshare --net=FILE --ipc=FILE true`.
 */
export async function createNamespaces(request: NamespaceRequest): Promise<CreatedNamespaces> {
  const kinds = namespaceKinds.filter((kind) => kind in request.kinds);
  check(request, kinds);
  const fds = await addon.makeNamespaces(
    kinds.flatMap((kind) => [CloneFlag[kind], fileName(kind), request.kinds[kind] ?? '']),
    idMapText(request.uidMap ?? []),
    idMapText(request.gidMap ?? []),
    request.denySetgroups === true ? 'deny' : '',
    offsetsText(request.offsets ?? {}),
  );
  return Object.fromEntries(
    kinds.map((kind, index) => [kind, new Namespace(kind, new Descriptor(fds[index] ?? -1))]),
  );
}

/** Makes one namespace and keeps it open. */
export async function createNamespace(kind: NamespaceKind): Promise<Namespace> {
  const created = await createNamespaces({ kinds: { [kind]: undefined } });
  return created[kind] as Namespace;
}

/** Makes a network namespace and pins it. Equivalent: `ip netns add`, on a path of your own. */
export async function pinNewNetwork(path: string): Promise<void> {
  const { net } = await createNamespaces({ kinds: { net: path } });
  net?.close();
}

/** The text of /proc/PID/uid_map and gid_map. */
export function idMapText(ranges: readonly IdRange[]): string {
  return ranges
    .map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}\n`)
    .join('');
}

function check(request: NamespaceRequest, kinds: readonly NamespaceKind[]): void {
  if (kinds.length === 0) throw new DomainError('invalid', 'No kind of namespace is asked for');
  if (kinds.includes('pid')) {
    throw new DomainError(
      'unsupported',
      'A pid namespace cannot be made without a process; use spawn and pin /proc/PID/ns/pid',
    );
  }
  const mapped = request.uidMap !== undefined && request.gidMap !== undefined;
  if (kinds.includes('user') && !mapped) {
    throw new DomainError('invalid', 'A user namespace needs uidMap and gidMap');
  }
  if (request.offsets !== undefined && !kinds.includes('time')) {
    throw new DomainError('invalid', 'Clock offsets need a time namespace');
  }
}

/** A thread cannot itself enter a new time namespace; the new one is that of its children. */
function fileName(kind: NamespaceKind): string {
  return kind === 'time' ? 'time_for_children' : kind;
}

function offsetsText(offsets: Readonly<Record<string, ClockOffset>>): string {
  return Object.entries(offsets)
    .map(([clock, { seconds, nanoseconds }]) => `${clock} ${seconds} ${nanoseconds}\n`)
    .join('');
}

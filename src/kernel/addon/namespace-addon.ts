import type { KernelError } from '../../base/error.ts';
import type { Path } from './file-addon.ts';

/** The addon's calls on namespaces: namespace.hh and inside.hh. */
export interface NamespaceAddon {
  /** Triples of CLONE_NEW flag, name under /proc/PID/ns, and file to pin on ('' for none). */
  makeNamespaces(
    wanted: readonly (number | string)[],
    uidMap: string,
    gidMap: string,
    setgroups: string,
    timeOffsets: string,
  ): Promise<number[]>;
  pinNamespace(fd: number, path: string): void;
  unpinNamespace(path: string): void;
  namespaceType(fd: number): number;
  namespaceParent(fd: number): number;
  namespaceOwner(fd: number): number;
  namespaceOwnerUid(fd: number): number;
  unshare(flags: number): void;
  setns(fd: number, flags: number): void;
  socketInside(
    network: number,
    family: number,
    type: number,
    protocol: number,
    local: Uint8Array,
    remote: Uint8Array,
    backlog: number,
    timeoutMs: number,
  ): Promise<number>;
  openInside(
    mounts: number,
    path: Path,
    flags: number,
    mode: number,
    resolve: number,
  ): Promise<number>;
  /** Reads (null) or writes; -1 is the process's own namespace. */
  sysctls(
    network: number,
    names: readonly string[],
    values: readonly (string | null)[],
  ): Promise<(string | KernelError)[]>;
}

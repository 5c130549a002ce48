import { DomainError } from '../base/error.ts';

/** The eight kinds, by their names under /proc/PID/ns. */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'time' | 'user' | 'uts';

export const namespaceKinds: readonly NamespaceKind[] = [
  'cgroup',
  'ipc',
  'mnt',
  'net',
  'pid',
  'time',
  'user',
  'uts',
];

/** Flags of clone, unshare and setns, to be or-ed. */
export const CloneFlag: Readonly<Record<NamespaceKind | 'fs' | 'files', number>> = {
  time: 0x00000080,
  fs: 0x00000200,
  files: 0x00000400,
  mnt: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
};

export function kindOfFlag(flag: number): NamespaceKind {
  const kind = namespaceKinds.find((each) => CloneFlag[each] === flag);
  if (kind === undefined) {
    throw new DomainError('unsupported', `The kernel names namespace type ${flag}, unknown here`);
  }
  return kind;
}

/**
 * One change to the host with what undoing it takes. Things that carry keelson's own mark (its
 * tables, its routing protocol, its devices) are named by the mark, not one by one.
 */
export type HostChange =
  | { readonly kind: 'table'; readonly family: NftFamily; readonly name: string }
  /** A chain of our own in a table of iptables, and the rules that jump to it from another one. */
  | {
      readonly kind: 'iptables';
      readonly program: string;
      readonly table: string;
      readonly chain: string;
      readonly from: string;
    }
  | { readonly kind: 'link'; readonly name: string }
  /** All routes of a routing protocol's number, in all tables. */
  | { readonly kind: 'routes'; readonly protocol: number }
  /** All policy rules of that number. */
  | { readonly kind: 'rules'; readonly protocol: number }
  /** By its path below /proc/sys, with slashes. */
  | {
      readonly kind: 'sysctl';
      readonly name: string;
      readonly former: string;
      readonly value: string;
    }
  /** `former` is what the file held, absent when there was none. */
  | { readonly kind: 'file'; readonly path: string; readonly former?: string }
  /** A folder that was made: removed with all it holds, or only when it is empty. */
  | { readonly kind: 'folder'; readonly path: string; readonly whole: boolean }
  /** A cgroup and those below it. */
  | { readonly kind: 'cgroup'; readonly path: string }
  | { readonly kind: 'mount'; readonly path: string }
  /** All mounts below a folder of our own: pods' volumes come and go. */
  | { readonly kind: 'mounts'; readonly path: string };

export type NftFamily = 'inet' | 'ip' | 'ip6' | 'arp' | 'bridge' | 'netdev';

/** The same for two records of one thing. */
export function keyOf(change: HostChange): string {
  const { kind } = change;
  switch (kind) {
    case 'table':
      return `${kind}:${change.family}/${change.name}`;
    case 'iptables':
      return `${kind}:${change.program}/${change.table}/${change.chain}/${change.from}`;
    case 'routes':
    case 'rules':
      return `${kind}:${change.protocol}`;
    case 'link':
    case 'sysctl':
      return `${kind}:${change.name}`;
    default:
      return `${kind}:${change.path}`;
  }
}

/** Whether it is on disk; the rest is the kernel's and ends with it. */
export function outlivesBoot({ kind }: HostChange): boolean {
  return kind === 'file' || kind === 'folder';
}

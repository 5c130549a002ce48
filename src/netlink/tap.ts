import { addon } from '../kernel/addon.ts';
import { checkedName } from './link-create.ts';
import { withNamespace, type NamespaceReference } from './open-socket.ts';

/** linux/if_tun.h: IFF_*. */
const tunFlag = { tun: 0x1, tap: 0x2, multiQueue: 0x100, noPacketInformation: 0x1000 } as const;

export interface NewTap {
  readonly name: string;
  /** `tap` carries Ethernet frames, `tun` IP packets. */
  readonly mode: 'tap' | 'tun';
  /** The process's own by default. */
  readonly namespace?: NamespaceReference;
  /** Several programs may attach, each with a queue. */
  readonly multiQueue?: boolean;
  /** Who may attach without CAP_NET_ADMIN: user and group ids. */
  readonly owner?: number;
  readonly group?: number;
}

/**
 * Makes a persistent device, which `link.get`, `set` and `remove` treat like any other. Rtnetlink
 * cannot make it. Throws KernelError EBUSY when the name is taken, ENOENT without /dev/net/tun.
 * `ip tuntap add NAME mode tap`.
 */
export async function create(tap: NewTap): Promise<void> {
  const name = checkedName(tap.name);
  const flags =
    tunFlag[tap.mode] |
    tunFlag.noPacketInformation |
    (tap.multiQueue === true ? tunFlag.multiQueue : 0);
  const make = async (namespaceFd: number): Promise<void> => {
    await addon.netlinkTap(namespaceFd, name, flags, tap.owner ?? -1, tap.group ?? -1);
  };
  if (tap.namespace === undefined) await make(-1);
  else await withNamespace(tap.namespace, make);
}

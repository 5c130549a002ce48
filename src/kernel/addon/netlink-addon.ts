/** The addon's part for netlink: system calls that throw KernelError. Bytes: src/netlink. */
export interface NetlinkAddon {
  /** A bound socket in the namespace of that descriptor, or in the process's own for -1. */
  netlinkOpen(protocol: number, namespaceFd: number): Promise<number>;
  netlinkOption(fd: number, level: number, option: number, value: number): void;
  netlinkClose(fd: number): void;
  /** Sends `length` bytes (0: none) and receives what is there; never waits. Returns the bytes. */
  netlinkExchange(
    fd: number,
    request: Uint8Array,
    length: number,
    answer: Uint8Array,
    sequence: number,
    acknowledged: boolean,
  ): number;
  /** The same on a thread of the pool, with a limit on the wait. */
  netlinkExchangeLater(
    fd: number,
    request: Uint8Array,
    sequence: number,
    acknowledged: boolean,
    timeoutMs: number,
  ): Promise<Buffer>;
  /** A persistent TUN or TAP device in a namespace; IFF_* flags, -1 for no owner or group. */
  netlinkTap(
    namespaceFd: number,
    name: string,
    flags: number,
    owner: number,
    group: number,
  ): Promise<boolean>;
  /** Takes the socket over; calls back once it is readable, each time after `arm`. */
  netlinkWatch(fd: number, readable: () => void): { arm(): void; close(): void };
}

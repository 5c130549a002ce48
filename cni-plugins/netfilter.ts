import { type Connection, open } from '../src/netlink/connection.ts';

let shared: Promise<Connection> | undefined;

/**
 * The process's one connection to the host's nf_tables. It stays open: when such a socket is closed
 * while deleted objects wait for their end, the kernel holds up the closing thread until then,
 * 10 ms and more. Do not close it. Commits of several callers are done one after the other.
 */
export async function netfilter(): Promise<Connection> {
  shared ??= open({ protocol: 'netfilter' });
  try {
    return await shared;
  } catch (error) {
    shared = undefined;
    throw error;
  }
}

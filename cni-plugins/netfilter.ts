import { CniCode, CniError } from '../src/cni/cni-error.ts';
import { type Connection, open } from '../src/netlink/connection.ts';
import { nftables } from '../src/netlink/index.ts';

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

/** STATUS: ADD needs nf_tables. Throws CniError 50. */
export async function requireNetfilter(): Promise<void> {
  try {
    await nftables.generation(await netfilter());
  } catch (error) {
    throw new CniError(CniCode.notAvailable, 'nf_tables does not answer', String(error));
  }
}

import { DomainError, isKernelError } from '../../base/error.ts';
import { nftables, type NamespaceReference, open } from '../../netlink/index.ts';

const probe = { family: 'inet', table: 'keelson-probe' } as const;

/**
 * Throws DomainError `unsupported` where the kernel has no nf_tables, or none with NAT. The answer
 * is the kernel's own: a table with such a chain is made and removed in one transaction.
 */
export async function requireNat(namespace?: NamespaceReference): Promise<void> {
  try {
    const at = namespace === undefined ? {} : { namespace };
    using connection = await open({ ...at, protocol: 'netfilter' });
    const base = { type: 'nat', hook: 'output', priority: 0 } as const;
    const chain = { ...probe, chain: 'output' };
    const expressions = nftables.statement.masquerade();
    const postrouting = { ...probe, chain: 'postrouting' };
    await nftables.commit(connection, [
      nftables.addTable(probe),
      nftables.addChain({ ...chain, base }),
      nftables.addChain({ ...postrouting, base: { ...base, hook: 'postrouting' } }),
      nftables.addRule({ ...postrouting, expressions }),
      nftables.deleteTable(probe),
    ]);
  } catch (error) {
    if (!isKernelError(error, ...absent)) throw error;
    const reason = 'the kernel has no NAT in nf_tables (iptables-legacy is not enough)';
    throw new DomainError('unsupported', `There are no Services on this node: ${reason}`, {
      cause: error,
    });
  }
}

/** What kernels say of a protocol, a subsystem, a type of chains or an expression they lack. */
const absent = ['EPROTONOSUPPORT', 'EOPNOTSUPP', 'EAFNOSUPPORT', 'EINVAL', 'ENOENT'];

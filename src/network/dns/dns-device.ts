import { isKernelError } from '../../base/error.ts';
import type { HostChange } from '../../base/host-change.ts';
import { address, link, type NamespaceReference, open } from '../../netlink/index.ts';

export const dnsDevice = 'keelson-dns';

/**
 * Makes the addresses the node's own, on a device for them alone: a process that is started anew
 * finds them there, and pods' packets to them go nowhere else meanwhile.
 */
export async function addDnsAddresses(
  addresses: readonly string[],
  options: {
    readonly ledger?: { record(...changes: HostChange[]): Promise<void> };
    readonly namespace?: NamespaceReference;
  } = {},
): Promise<void> {
  const { ledger, namespace } = options;
  await ledger?.record({ kind: 'link', name: dnsDevice });
  using connection = await open(namespace === undefined ? {} : { namespace });
  try {
    await link.create(connection, { kind: 'dummy', name: dnsDevice, up: true });
  } catch (error) {
    // A kernel without dummy devices: a bridge without ports has no traffic either.
    if (isKernelError(error, 'EOPNOTSUPP')) {
      await link.create(connection, { kind: 'bridge', name: dnsDevice, up: true });
    } else if (!isKernelError(error, 'EEXIST')) {
      throw error;
    }
  }
  await link.setUp(connection, dnsDevice);
  for (const one of addresses) {
    await address.replace(connection, {
      device: dnsDevice,
      address: `${one}/${one.includes(':') ? 128 : 32}`,
      noDuplicateDetection: one.includes(':'),
    });
  }
}

import { address, link, type Connection } from '../../netlink/index.ts';
import { canonicalAddress } from './usable-address.ts';

/** linux/if_arp.h: ARPHRD_LOOPBACK. */
const loopbackType = 772;

/**
 * The addresses at which node ports are served: all of this node but those of its loopback
 * (kubernetes CVE-2020-8558) and the ones that Services have no say in.
 */
export async function nodeAddresses(
  connection: Connection,
  except: readonly string[],
): Promise<string[]> {
  const links = await link.list(connection);
  const loopback = new Set(
    links.filter((one) => one.hardwareType === loopbackType).map(({ index }) => index),
  );
  const found = await address.list(connection);
  const texts = found
    .filter(({ index, tentative }) => !loopback.has(index) && !tentative)
    .flatMap((one) => canonicalAddress(one.address.split('/')[0] ?? '') ?? []);
  return [...new Set(texts)].filter((text) => !except.includes(text)).toSorted();
}

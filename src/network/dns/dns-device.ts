import { sleep, systemClock } from '../../base/clock.ts';
import { isKernelError, messageOf } from '../../base/error.ts';
import type { HostChange } from '../../base/host-change.ts';
import type { Logger } from '../../base/log.ts';
import { address, link, type NamespaceReference, open, subscribe } from '../../netlink/index.ts';
import { canonical, hostOf } from '../../netlink/prefix.ts';

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

/** An address that cannot be had now is tried again. */
const retryMs = 1000;

/**
 * Keeps the addresses the node's own until the signal is aborted: whoever takes the device away
 * would leave all pods of the node without names. Sockets that are bound to an address work again
 * as soon as it is back.
 */
export async function keepDnsAddresses(
  addresses: readonly string[],
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const wanted = addresses.map(canonical);
  await using events = await subscribe(['link', 'address']);
  using connection = await open();
  const close = (): void => events.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) return;
  await mend(wanted, { connection, log, signal });
  for await (const event of events) {
    const concerns =
      event.kind === 'resync' ||
      (event.kind === 'link' && event.link.name === dnsDevice) ||
      (event.kind === 'address' && wanted.includes(hostOf(event.address.address)));
    if (concerns) await mend(wanted, { connection, log, signal });
  }
}

interface Mending {
  readonly connection: Awaited<ReturnType<typeof open>>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

async function mend(
  addresses: readonly string[],
  { connection, log, signal }: Mending,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    if (attempt > 1) await sleep(systemClock, retryMs, signal);
    try {
      if (await hasAddresses(connection, addresses)) return;
      await addDnsAddresses(addresses);
      log.warn(`${dnsDevice} had been changed by others and is mended`);
    } catch (error) {
      log.warn(`${dnsDevice} cannot be mended, trying again: ${messageOf(error)}`);
    }
  }
}

async function hasAddresses(
  connection: Mending['connection'],
  addresses: readonly string[],
): Promise<boolean> {
  const device = await link.find(connection, dnsDevice);
  if (device?.up !== true) return false;
  const present = await address.list(connection, { device: device.index });
  const texts = new Set(present.map((one) => hostOf(one.address)));
  return addresses.every((one) => texts.has(one));
}

import { setTimeout as delay } from 'node:timers/promises';
import { isDomainError, messageOf } from '../../src/base/error.ts';
import { link } from '../../src/netlink/index.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { DhcpClient } from './client.ts';
import type { Lease } from './lease.ts';
import { type LeaseRecord, listLeases, readLease, removeLease, writeLease } from './lease-store.ts';

/** How often the folder is looked at for leases of other processes. */
const lookMs = 5000;
/** Between two tries of one lease, as long as it lasts (RFC 2131 has 60 seconds). */
const retryMs = 60_000;
const atOnce = 32;

/**
 * Keeps all leases alive until the signal: renews each at half of its time, asks any server near
 * its end, and takes the interface down when it has ended, for the address may be another's then.
 * One process of a host does this: the runtime, or `dhcp daemon`.
 * Never throws; in the background it does not keep the process alive.
 */
export async function maintainLeases(
  signal: AbortSignal,
  report: (line: string) => void,
  { background = false } = {},
): Promise<void> {
  const triedAt = new Map<string, number>();
  while (!signal.aborted) {
    const now = Date.now();
    const due = listed(report).filter(
      (one) => one.lease.renewAt <= now && now - (triedAt.get(keyOf(one)) ?? 0) >= pauseOf(one),
    );
    for (const record of due) triedAt.set(keyOf(record), now);
    for (let i = 0; i < due.length; i += atOnce) {
      await Promise.all(due.slice(i, i + atOnce).map((one) => maintainOne(one, signal, report)));
    }
    await delay(lookMs, undefined, { signal, ref: !background }).catch(() => undefined);
  }
}

/** A folder that cannot be read now may be read later. */
function listed(report: (line: string) => void): readonly LeaseRecord[] {
  try {
    return listLeases();
  } catch (error) {
    report(`cannot read the leases: ${messageOf(error)}`);
    return [];
  }
}

function keyOf({ networkName, containerId, interfaceName }: LeaseRecord): string {
  return [networkName, containerId, interfaceName].join('/');
}

/** Half of what is left, so that short leases are tried more than once as well. */
function pauseOf({ lease }: LeaseRecord): number {
  return Math.min(retryMs, Math.max((lease.expireAt - Date.now()) / 2, 0));
}

/** Never throws: one lease's trouble is not another's. */
async function maintainOne(
  record: LeaseRecord,
  signal: AbortSignal,
  report: (line: string) => void,
): Promise<void> {
  try {
    const lease = await renewed(record, signal);
    // DEL may have come meanwhile.
    if (lease === undefined || readLease(record) === undefined) return;
    writeLease({ ...record, lease });
    report(`${keyOf(record)}: lease of ${lease.address} renewed`);
  } catch (error) {
    if (!signal.aborted) report(`${keyOf(record)}: ${messageOf(error)}`);
  }
}

/** Undefined when nobody answered yet, or the pod is gone. */
async function renewed(record: LeaseRecord, signal: AbortSignal): Promise<Lease | undefined> {
  using container = await findNamespace(record);
  if (container === undefined) {
    removeLease(record);
    return undefined;
  }
  const { lease, interfaceName } = record;
  const now = Date.now();
  if (now >= lease.expireAt) return await end(record, container);
  using client = await DhcpClient.open(container, interfaceName, optionsOf(record));
  try {
    return await client.renew(lease, now >= lease.rebindAt, signal);
  } catch (error) {
    if (!isDomainError(error, 'conflict')) throw error;
    return await end(record, container);
  }
}

async function end(record: LeaseRecord, container: ContainerNamespace): Promise<undefined> {
  const own = await link.find(container.connection, record.interfaceName);
  if (own !== undefined) await link.setDown(container.connection, own.index);
  removeLease(record);
  throw new Error(`lease of ${record.lease.address} has ended: the interface is down`);
}

/** The pod's namespace, if the path still leads to it. */
export async function findNamespace(
  record: Pick<LeaseRecord, 'netns' | 'namespaceId'>,
): Promise<ContainerNamespace | undefined> {
  const found = await ContainerNamespace.find(record);
  if (found === undefined || identityOf(found) === record.namespaceId) return found;
  found[Symbol.dispose]();
  return undefined;
}

export function identityOf({ namespace }: ContainerNamespace): string {
  return String(namespace.inode);
}

export function optionsOf({ options }: LeaseRecord): ReadonlyMap<number, Uint8Array> {
  return new Map(options.map(([code, text]) => [code, Buffer.from(text, 'base64')]));
}

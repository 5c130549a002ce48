import { isKernelError } from '../base/error.ts';
import type { Connection } from './connection.ts';
import {
  linkFlag,
  linkTable,
  linkType,
  readLink,
  writeLinkHeader,
  type Link,
} from './link-message.ts';
import { flag } from './message.ts';
import { withNamespace, type NamespaceReference } from './open-socket.ts';
import type { Request } from './request.ts';

export type { Link } from './link-message.ts';
export { counters, type LinkCounters } from './link-counters.ts';
export { checkedName, create, createRequest, type NewLink, type VethPeer } from './link-create.ts';

/** An interface by its name or its index. */
export type Device = string | number;

/** RTEXT_FILTER_SKIP_STATS: counters are half of the kernel's work and of the bytes. */
const skipStatistics = 1 << 3;

/**
 * One interface. Throws KernelError ENODEV when there is none. `ip link show DEVICE`.
 */
export async function get(connection: Connection, device: Device): Promise<Link> {
  const [link] = await connection.transact(getRequest(device), readLink);
  if (link === undefined) throw new Error(`RTM_GETLINK ${device}: no answer`);
  return link;
}

/** One interface, or undefined when there is none. */
export async function find(connection: Connection, device: Device): Promise<Link | undefined> {
  try {
    return await get(connection, device);
  } catch (error) {
    if (isKernelError(error, 'ENODEV')) return undefined;
    throw error;
  }
}

/** All interfaces, or those of one master (a bridge's ports) or one kind. `ip link show`. */
export async function list(
  connection: Connection,
  filter: { readonly master?: Device; readonly kind?: string } = {},
): Promise<Link[]> {
  const master = filter.master === undefined ? undefined : await indexOf(connection, filter.master);
  const request: Request = {
    call: 'RTM_GETLINK',
    type: linkType.get,
    flags: flag.dump,
    write(writer) {
      writeLinkHeader(writer, {});
      linkTable.write(writer, { extendedMask: skipStatistics, master });
    },
  };
  const links = await connection.transact(request, readLink);
  return filter.kind === undefined ? links : links.filter(({ kind }) => kind === filter.kind);
}

/** The index of an interface. Throws KernelError ENODEV. */
export async function indexOf(connection: Connection, device: Device): Promise<number> {
  return typeof device === 'number' ? device : (await get(connection, device)).index;
}

/**
 * Removes an interface and, for veth, its peer. Resolves to false when there was none.
 * `ip link delete DEVICE`. The kernel takes about 10 ms for it.
 */
export async function remove(connection: Connection, device: Device): Promise<boolean> {
  try {
    await connection.transact(removeRequest(device));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENODEV')) return false;
    throw error;
  }
}

/**
 * Removes all interfaces of a group at once, which costs the kernel as much as removing one.
 * `ip link delete group GROUP`.
 */
export async function removeGroup(connection: Connection, group: number): Promise<boolean> {
  try {
    await connection.transact(
      change({ type: linkType.remove, object: `group ${group}`, slow: true }, { group }),
    );
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENODEV')) return false;
    throw error;
  }
}

/** What can be changed of an interface, all in one message. */
export interface LinkChange {
  readonly up?: boolean;
  readonly promiscuous?: boolean;
  readonly allMulticast?: boolean;
  readonly arp?: boolean;
  readonly mtu?: number;
  readonly address?: string;
  readonly alias?: string;
  readonly group?: number;
  readonly transmitQueueLength?: number;
  /** Index of the new master; 0 is none. */
  readonly master?: number;
}

/** Changes several properties in one message. `ip link set DEVICE ...`. */
export async function set(
  connection: Connection,
  device: Device,
  changes: LinkChange,
): Promise<void> {
  await connection.transact(setRequest(device, changes));
}

/** `ip link set DEVICE up`. */
export async function setUp(connection: Connection, device: Device): Promise<void> {
  await set(connection, device, { up: true });
}

/** `ip link set DEVICE down`. */
export async function setDown(connection: Connection, device: Device): Promise<void> {
  await set(connection, device, { up: false });
}

/** Throws KernelError EINVAL when out of the device's range. `ip link set DEVICE mtu N`. */
export async function setMtu(connection: Connection, device: Device, mtu: number): Promise<void> {
  await set(connection, device, { mtu });
}

/** `ip link set DEVICE address MAC`. */
export async function setAddress(
  connection: Connection,
  device: Device,
  address: string,
): Promise<void> {
  await set(connection, device, { address });
}

/** Makes the interface a port of a bridge or a member of a VRF. `ip link set DEVICE master M`. */
export async function setMaster(
  connection: Connection,
  device: Device,
  master: Device,
): Promise<void> {
  await set(connection, device, { master: await indexOf(connection, master) });
}

/** `ip link set DEVICE nomaster`. */
export async function clearMaster(connection: Connection, device: Device): Promise<void> {
  await set(connection, device, { master: 0 });
}

/** Throws KernelError EEXIST when the name is taken. `ip link set DEVICE name NAME`. */
export async function rename(connection: Connection, device: Device, name: string): Promise<void> {
  const index = await indexOf(connection, device);
  const plan: ChangePlan = { type: linkType.new, index, object: `${device} to ${name}` };
  await connection.transact(change(plan, { name }));
}

/**
 * Moves the interface into another namespace, under a new name if given; its addresses are lost.
 * `ip link set DEVICE netns NAMESPACE`. Slow in the kernel: make it there (`link.create`) instead.
 */
export async function setNamespace(
  connection: Connection,
  device: Device,
  to: { readonly namespace: NamespaceReference; readonly name?: string },
): Promise<void> {
  const index = await indexOf(connection, device);
  const object = `${device} to namespace ${to.namespace}`;
  const { name } = to;
  await withNamespace(to.namespace, async (namespaceFd) => {
    const plan: ChangePlan = { type: linkType.new, index, object, slow: true };
    await connection.transact(change(plan, { name, namespaceFd }));
  });
}

/** For `Connection.transact` and `batch`; `remove` sends it. */
export function removeRequest(device: Device): Request {
  return change({ type: linkType.remove, ...identity(device), slow: true }, nameOf(device));
}

/** For `Connection.transact` and `batch`; `set` sends it. */
export function setRequest(device: Device, changes: LinkChange): Request {
  const { up, promiscuous, allMulticast, arp, ...values } = changes;
  const bits = [
    { bit: linkFlag.up, on: up },
    { bit: linkFlag.promiscuous, on: promiscuous },
    { bit: linkFlag.allMulticast, on: allMulticast },
    { bit: linkFlag.noArp, on: arp === undefined ? undefined : !arp },
  ].filter(({ on }) => on !== undefined);
  const plan: ChangePlan = {
    type: linkType.new,
    ...identity(device),
    flags: bits.reduce((sum, { bit, on }) => (on === true ? sum | bit : sum), 0),
    change: bits.reduce((sum, { bit }) => sum | bit, 0),
    // Taking a device down or out of its master waits for readers of the old state (RCU).
    slow: up === false || values.master === 0,
  };
  return change(plan, { ...nameOf(device), ...values });
}

interface ChangePlan {
  readonly type: number;
  readonly index?: number;
  readonly object: string;
  readonly flags?: number;
  readonly change?: number;
  readonly slow?: boolean;
}

function change(
  { type, object, slow = false, ...header }: ChangePlan,
  values: Parameters<typeof linkTable.write>[1],
): Request {
  return {
    call: type === linkType.remove ? 'RTM_DELLINK' : 'RTM_NEWLINK',
    type,
    flags: flag.acknowledge,
    object,
    slow,
    write(writer) {
      writeLinkHeader(writer, header);
      linkTable.write(writer, values);
    },
  };
}

function getRequest(device: Device): Request {
  return {
    call: 'RTM_GETLINK',
    type: linkType.get,
    flags: 0,
    object: String(device),
    write(writer) {
      writeLinkHeader(writer, typeof device === 'number' ? { index: device } : {});
      linkTable.write(writer, { ...nameOf(device), extendedMask: skipStatistics });
    },
  };
}

function identity(device: Device): { index?: number; object: string } {
  return typeof device === 'number'
    ? { index: device, object: `index ${device}` }
    : { object: device };
}

function nameOf(device: Device): { name?: string } {
  return typeof device === 'number' ? {} : { name: device };
}

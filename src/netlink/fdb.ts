import { isKernelError } from '../base/error.ts';
import type { Connection } from './connection.ts';
import { family } from './ip.ts';
import { indexOf, type Device } from './link.ts';
import { flag, hostIsLittle, requirePayload, type Message } from './message.ts';
import {
  neighbourFlag,
  neighbourStates,
  neighbourTable,
  neighbourType,
  writeNeighbourHeader,
} from './neighbour.ts';
import type { Request } from './request.ts';
import { requireIndex } from './tc-message.ts';

/** Where a frame to a hardware address goes: out of a bridge's port, or to a vxlan's remote end. */
export interface FdbEntry {
  /** Index of the port or the vxlan device. */
  readonly index: number;
  readonly linkAddress: string;
  /** vxlan: the other end. */
  readonly remote?: string;
  readonly vlan?: number;
  readonly vni?: number;
  readonly port?: number;
  /** Index of the bridge, for entries that it keeps. */
  readonly master?: number;
  /** Kept by the device itself (vxlan) rather than by the bridge it belongs to. */
  readonly self: boolean;
  readonly permanent: boolean;
  /** Set by somebody, not learned: it does not age. */
  readonly static: boolean;
}

export interface NewFdbEntry {
  readonly device: Device;
  /** 00:00:00:00:00:00 on a vxlan device: where unknown and broadcast frames go. */
  readonly linkAddress: string;
  readonly remote?: string;
  readonly vlan?: number;
  readonly vni?: number;
  readonly port?: number;
  /** Whose table: the device's own (`self`, the default) or that of its bridge. */
  readonly owner?: 'self' | 'master';
  /** `permanent` (the default) is the device's own address or a remote; `static` one on a port. */
  readonly state?: 'permanent' | 'static';
}

/** Throws KernelError EEXIST. `bridge fdb add MAC dev DEVICE dst REMOTE`. */
export async function add(connection: Connection, entry: NewFdbEntry): Promise<void> {
  await connection.transact(addRequest(await resolved(connection, entry)));
}

/** Adds it or changes its remote. `bridge fdb replace`. */
export async function replace(connection: Connection, entry: NewFdbEntry): Promise<void> {
  await connection.transact(replaceRequest(await resolved(connection, entry)));
}

/** A further remote for the same address. `bridge fdb append`. */
export async function append(connection: Connection, entry: NewFdbEntry): Promise<void> {
  await connection.transact(appendRequest(await resolved(connection, entry)));
}

/** Resolves to false when there was none. `bridge fdb delete`. */
export async function remove(connection: Connection, entry: NewFdbEntry): Promise<boolean> {
  try {
    await connection.transact(removeRequest(await resolved(connection, entry)));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENODEV')) return false;
    throw error;
  }
}

/** The entries of one device: a port, a vxlan, or a bridge. `bridge fdb show dev DEVICE`. */
export async function list(connection: Connection, device: Device): Promise<FdbEntry[]> {
  const index = await indexOf(connection, device);
  const request: Request = {
    call: 'RTM_GETNEIGH',
    type: neighbourType.get,
    flags: flag.dump,
    object: `forwarding database of ${device}`,
    write: (writer) => writeNeighbourHeader(writer, { family: family.bridge, index }),
  };
  const entries = await connection.transact(request, readFdbEntry);
  return entries.filter((entry) => entry.index === index);
}

/** For `transact` and `batch`; the device is an index. */
export function addRequest(entry: NewFdbEntry): Request {
  return change(entry, 'RTM_NEWNEIGH', flag.create | flag.exclusive);
}

/** For `transact` and `batch`; the device is an index. */
export function replaceRequest(entry: NewFdbEntry): Request {
  return change(entry, 'RTM_NEWNEIGH', flag.create | flag.replace);
}

/** For `transact` and `batch`; the device is an index. */
export function appendRequest(entry: NewFdbEntry): Request {
  return change(entry, 'RTM_NEWNEIGH', flag.create | flag.append);
}

/** For `transact` and `batch`; the device is an index. */
export function removeRequest(entry: NewFdbEntry): Request {
  return change(entry, 'RTM_DELNEIGH', 0);
}

function change(entry: NewFdbEntry, call: 'RTM_NEWNEIGH' | 'RTM_DELNEIGH', flags: number): Request {
  const index = requireIndex(entry.device);
  const { linkAddress, remote, vlan, vni, port } = entry;
  return {
    call,
    type: call === 'RTM_NEWNEIGH' ? neighbourType.new : neighbourType.remove,
    flags: flag.acknowledge | flags,
    object: `${linkAddress} on index ${index}`,
    write(writer) {
      const lasting = entry.state === 'static' ? 'reachable' : 'permanent';
      const state = neighbourStates.noArp | neighbourStates[lasting];
      const owner = entry.owner === 'master' ? neighbourFlag.master : neighbourFlag.self;
      writeNeighbourHeader(writer, { family: family.bridge, index, state, flags: owner });
      neighbourTable.write(writer, { linkAddress, destination: remote, vlan, port, vni });
    },
  };
}

/** Decodes RTM_NEWNEIGH of AF_BRIDGE. Throws DomainError `invalid`. */
export function readFdbEntry(message: Message): FdbEntry {
  requirePayload(message, 12);
  const { source, start } = message;
  const { view } = source;
  const values = neighbourTable.read(source, start + 12, message.end);
  const state = view.getUint16(start + 8, hostIsLittle);
  const { destination, vlan, vni, port, master } = values;
  return {
    index: view.getInt32(start + 4, hostIsLittle),
    linkAddress: values.linkAddress ?? '',
    self: (view.getUint8(start + 10) & neighbourFlag.self) !== 0,
    permanent: (state & neighbourStates.permanent) !== 0,
    static: (state & (neighbourStates.permanent | neighbourStates.noArp)) !== 0,
    ...(destination !== undefined && { remote: destination }),
    ...(vlan !== undefined && { vlan }),
    ...(vni !== undefined && { vni }),
    ...(port !== undefined && { port }),
    ...(master !== undefined && { master }),
  };
}

async function resolved(connection: Connection, entry: NewFdbEntry): Promise<NewFdbEntry> {
  return { ...entry, device: await indexOf(connection, entry.device) };
}

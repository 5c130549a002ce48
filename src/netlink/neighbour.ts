import { DomainError, isKernelError } from '../base/error.ts';
import { AttributeTable } from './attribute.ts';
import { be16, ip, mac, u16, u32, u8 } from './codec.ts';
import type { Connection } from './connection.ts';
import { family, familyName, familyNumber, familyOf, parseIp, type Family } from './ip.ts';
import { indexOf, type Device } from './link.ts';
import { flag, hostIsLittle, requirePayload, type Message } from './message.ts';
import type { Request } from './request.ts';
import { nameOf } from './route-name.ts';
import type { MessageWriter } from './writer.ts';

/** linux/rtnetlink.h: RTM_*NEIGH. */
export const neighbourType = { new: 28, remove: 29, get: 30 } as const;

/** linux/neighbour.h: NUD_*. */
export const neighbourStates = {
  none: 0,
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noArp: 0x40,
  permanent: 0x80,
} as const;
export type NeighbourState = keyof typeof neighbourStates;

/** NTF_*. */
export const neighbourFlag = {
  use: 0x01,
  self: 0x02,
  master: 0x04,
  proxy: 0x08,
  learnedOutside: 0x10,
  router: 0x80,
} as const;

/** linux/neighbour.h: NDA_*; those of a bridge's forwarding database as well. */
export const neighbourTable = new AttributeTable({
  destination: [1, ip],
  linkAddress: [2, mac],
  vlan: [5, u16],
  port: [6, be16],
  vni: [7, u32],
  index: [8, u32],
  master: [9, u32],
  sourceVni: [11, u32],
  protocol: [12, u8],
});

export interface Neighbour {
  /** Index of the interface. */
  readonly index: number;
  readonly family: Family;
  readonly address: string;
  readonly linkAddress?: string;
  readonly state: NeighbourState | number;
  /** NTF_* bits. */
  readonly flags: number;
}

export interface NewNeighbour {
  readonly device: Device;
  readonly address: string;
  readonly linkAddress?: string;
  /** `permanent` by default. */
  readonly state?: NeighbourState;
  /** Answer for this address in the name of others. */
  readonly proxy?: boolean;
}

/** Throws KernelError EEXIST. `ip neighbour add`. */
export async function add(connection: Connection, neighbour: NewNeighbour): Promise<void> {
  await connection.transact(addRequest(await resolved(connection, neighbour)));
}

/** `ip neighbour replace`. */
export async function replace(connection: Connection, neighbour: NewNeighbour): Promise<void> {
  await connection.transact(replaceRequest(await resolved(connection, neighbour)));
}

/** Resolves to false when there was none. `ip neighbour delete`. */
export async function remove(connection: Connection, neighbour: NewNeighbour): Promise<boolean> {
  try {
    await connection.transact(removeRequest(await resolved(connection, neighbour)));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENODEV')) return false;
    throw error;
  }
}

/** All neighbours, or those of one interface or family. `ip neighbour show nud all`. */
export async function list(
  connection: Connection,
  filter: { readonly device?: Device; readonly family?: Family } = {},
): Promise<Neighbour[]> {
  const index = filter.device === undefined ? undefined : await indexOf(connection, filter.device);
  const request: Request = {
    call: 'RTM_GETNEIGH',
    type: neighbourType.get,
    flags: flag.dump,
    write(writer) {
      writeNeighbourHeader(writer, { family: familyNumber(filter.family) });
      neighbourTable.write(writer, { index });
    },
  };
  const all = await connection.transact(request, readAnyNeighbour);
  return all.filter((one) => one !== undefined);
}

/** For `transact` and `batch`; the device is an index. */
export function addRequest(neighbour: NewNeighbour): Request {
  return change(neighbour, 'RTM_NEWNEIGH', flag.create | flag.exclusive);
}

/** For `transact` and `batch`; the device is an index. */
export function replaceRequest(neighbour: NewNeighbour): Request {
  return change(neighbour, 'RTM_NEWNEIGH', flag.create | flag.replace);
}

/** For `transact` and `batch`; the device is an index. */
export function removeRequest(neighbour: NewNeighbour): Request {
  return change(neighbour, 'RTM_DELNEIGH', 0);
}

function change(
  neighbour: NewNeighbour,
  call: 'RTM_NEWNEIGH' | 'RTM_DELNEIGH',
  flags: number,
): Request {
  const { device: index, address, linkAddress } = neighbour;
  if (typeof index !== 'number') {
    throw new DomainError('invalid', `A request takes the index of "${index}"`);
  }
  const bytes = parseIp(address);
  const removing = call === 'RTM_DELNEIGH';
  return {
    call,
    type: removing ? neighbourType.remove : neighbourType.new,
    flags: flag.acknowledge | flags,
    object: `${address} on index ${index}`,
    write(writer) {
      const bits = neighbour.proxy === true ? neighbourFlag.proxy : 0;
      const state = neighbourStates[neighbour.state ?? (removing ? 'none' : 'permanent')];
      writeNeighbourHeader(writer, { family: familyOf(bytes), index, state, flags: bits });
      neighbourTable.write(writer, { destination: address, linkAddress });
    },
  };
}

/**
 * struct ndmsg { __u8 family; __u8 pad[3]; __s32 ifindex; __u16 state; __u8 flags; __u8 type; }
 */
export function writeNeighbourHeader(
  writer: MessageWriter,
  { family: familyOfEntry = 0, index = 0, state = 0, flags = 0 },
): void {
  const offset = writer.reserve(12);
  writer.view.setUint8(offset, familyOfEntry);
  writer.view.setInt32(offset + 4, index, hostIsLittle);
  writer.view.setUint16(offset + 8, state, hostIsLittle);
  writer.view.setUint8(offset + 10, flags);
}

/** Decodes RTM_NEWNEIGH and RTM_DELNEIGH of IPv4 and IPv6. Throws DomainError `invalid`. */
export function readNeighbour(message: Message): Neighbour {
  requirePayload(message, 12);
  const { source, start } = message;
  const values = neighbourTable.read(source, start + 12, message.end);
  return {
    index: source.view.getInt32(start + 4, hostIsLittle),
    family: familyName(source.view.getUint8(start)),
    address: values.destination ?? '',
    ...(values.linkAddress !== undefined && { linkAddress: values.linkAddress }),
    state: nameOf(neighbourStates, source.view.getUint16(start + 8, hostIsLittle)),
    flags: source.view.getUint8(start + 10),
  };
}

/** A dump of all families has a bridge's entries and other protocols' as well. */
function readAnyNeighbour(message: Message): Neighbour | undefined {
  requirePayload(message, 12);
  const number = message.source.view.getUint8(message.start);
  return number === family.ipv4 || number === family.ipv6 ? readNeighbour(message) : undefined;
}

async function resolved(connection: Connection, neighbour: NewNeighbour): Promise<NewNeighbour> {
  return { ...neighbour, device: await indexOf(connection, neighbour.device) };
}

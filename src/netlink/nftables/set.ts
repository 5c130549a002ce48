import { AttributeTable } from '../attribute.ts';
import { be32, be64, binary, list, nested, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { flag, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import { paddedBytes, typeNumber, typeOf, typesIn, type DataTypeName } from './data-type.ts';
import { change, familyIn, genericHeaderBytes, question, type TableReference } from './message.ts';
import { objectTypes, type ObjectType } from './object.ts';
import { commentType, decodeComment, encodeComment } from './user-data.ts';

/** linux/netfilter/nf_tables.h: NFT_SET_*. */
export const setFlag = {
  anonymous: 0x1,
  constant: 0x2,
  interval: 0x4,
  map: 0x8,
  timeout: 0x10,
  dynamic: 0x20,
  object: 0x40,
  concatenation: 0x80,
} as const;

/** NFT_DATA_VERDICT. */
const verdictData = 0xffffff00;

const fieldTable = new AttributeTable({ length: [1, be32] });
const descriptionTable = new AttributeTable({
  size: [1, be32],
  fields: [2, list(1, nested(fieldTable))],
});

/** NFTA_SET_*. */
const attributes = new AttributeTable({
  table: [1, text],
  name: [2, text],
  flags: [3, be32],
  keyType: [4, be32],
  keyLength: [5, be32],
  dataType: [6, be32],
  dataLength: [7, be32],
  description: [9, nested(descriptionTable)],
  id: [10, be32],
  timeoutMs: [11, be64],
  gcIntervalMs: [12, be32],
  userData: [13, binary],
  objectType: [15, be32],
  handle: [16, be64],
});

export interface SetReference extends TableReference {
  readonly set: string;
}

/** What a map's elements lead to: a verdict, values, or an object of the table. */
export type MapData = 'verdict' | readonly DataTypeName[] | { readonly object: ObjectType };

export interface SetDefinition extends SetReference {
  /** The types of the key's fields; several are a concatenation. */
  readonly key: readonly DataTypeName[];
  /** Makes it a map. */
  readonly data?: MapData;
  /** Elements are stretches of values; they must not overlap. */
  readonly interval?: boolean;
  /** Rules may add elements (`dynset`). */
  readonly dynamic?: boolean;
  /** Elements may have a time to live; this one unless they say so. */
  readonly timeoutMs?: number;
  /** At most so many elements. */
  readonly size?: number;
  readonly comment?: string;
}

export interface NftSet extends Omit<SetDefinition, 'key'> {
  /** Undefined for types that are not known here; elements are bytes then. */
  readonly key: readonly DataTypeName[] | undefined;
  readonly handle: bigint;
  readonly flags: number;
}

/** Does nothing when an equal one is there. `nft add set|map FAMILY TABLE NAME { ... }`. */
export function addSet(set: SetDefinition): Request {
  const { timeoutMs } = set;
  return change('NEWSET', {
    family: set.family,
    flags: flag.create,
    object: nameOf(set),
    write: (writer) =>
      attributes.write(writer, {
        table: set.table,
        name: set.set,
        flags: flagsOf(set),
        keyType: typeNumber(set.key),
        keyLength: paddedBytes(set.key),
        ...dataOf(set.data),
        // The number by which others of the same transaction may name it; names are unique as well.
        id: 1,
        description: descriptionOf(set),
        timeoutMs: timeoutMs === undefined ? undefined : BigInt(timeoutMs),
        userData: userDataOf(set),
      }),
  });
}

/** With its elements; EBUSY while a rule uses it. `nft delete set FAMILY TABLE NAME`. */
export function deleteSet({ family, table, set }: SetReference): Request {
  return change('DELSET', {
    family,
    object: nameOf({ family, table, set }),
    write: (writer) => attributes.write(writer, { table, name: set }),
  });
}

/** The sets and maps of one table, or of all; anonymous ones too. `nft list sets`. */
export async function listSets(
  connection: Connection,
  filter: Partial<TableReference> = {},
): Promise<NftSet[]> {
  const { family, table } = filter;
  const request = question('GETSET', {
    family,
    write: (writer) => attributes.write(writer, { table }),
  });
  return connection.transact(request, readSet);
}

/** Decodes NFT_MSG_NEWSET. Throws DomainError `invalid`. */
export function readSet(message: Message): NftSet {
  const family = familyIn(message);
  const from = message.start + genericHeaderBytes;
  const values = attributes.read(message.source, from, message.end);
  const { flags = 0, description, timeoutMs, objectType } = values;
  const comment = decodeComment(commentType.set, values.userData);
  const data = readData(flags, values.dataType, objectType);
  return {
    family,
    table: values.table ?? '',
    set: values.name ?? '',
    handle: values.handle ?? 0n,
    flags,
    key: typesIn(values.keyType ?? 0),
    ...(data !== undefined && { data }),
    ...(flags & setFlag.interval && { interval: true }),
    ...(flags & setFlag.dynamic && { dynamic: true }),
    ...(timeoutMs !== undefined && { timeoutMs: Number(timeoutMs) }),
    ...(description?.size !== undefined && { size: description.size }),
    ...(comment !== undefined && { comment }),
  };
}

export function isConcatenatedInterval(set: Pick<SetDefinition, 'key' | 'interval'>): boolean {
  return set.interval === true && set.key.length > 1;
}

function flagsOf(set: SetDefinition): number {
  const { data } = set;
  let flags = 0;
  if (set.interval === true) flags |= setFlag.interval;
  if (isConcatenatedInterval(set)) flags |= setFlag.concatenation;
  if (set.dynamic === true) flags |= setFlag.dynamic;
  if (set.timeoutMs !== undefined) flags |= setFlag.timeout;
  if (data !== undefined) {
    flags |= typeof data === 'object' && 'object' in data ? setFlag.object : setFlag.map;
  }
  return flags;
}

function dataOf(data: MapData | undefined) {
  if (data === undefined) return {};
  if (data === 'verdict') return { dataType: verdictData, dataLength: 0 };
  if ('object' in data) return { objectType: objectTypes[data.object] };
  return { dataType: typeNumber(data), dataLength: paddedBytes(data) };
}

function readData(
  flags: number,
  dataType: number | undefined,
  objectType: number | undefined,
): MapData | undefined {
  if (flags & setFlag.object) {
    const names = Object.keys(objectTypes) as ObjectType[];
    const object = names.find((name) => objectTypes[name] === objectType);
    return object === undefined ? undefined : { object };
  }
  if (!(flags & setFlag.map) || dataType === undefined) return undefined;
  return dataType === verdictData ? 'verdict' : typesIn(dataType);
}

function descriptionOf(set: SetDefinition) {
  const fields = isConcatenatedInterval(set)
    ? set.key.map((name) => ({ length: typeOf(name).bytes }))
    : undefined;
  if (fields === undefined && set.size === undefined) return undefined;
  return { size: set.size, fields };
}

/** NFTNL_UDATA_SET_KEYBYTEORDER and DATABYTEORDER: how `nft` shows the elements. */
const userDataType = { keyOrder: 0, dataOrder: 1 } as const;
const byteOrder = { unknown: 0, host: 1, network: 2 } as const;

function userDataOf(set: SetDefinition): Buffer {
  const parts = [orderOf(userDataType.keyOrder, set.key)];
  if (Array.isArray(set.data)) parts.push(orderOf(userDataType.dataOrder, set.data));
  const comment = encodeComment(commentType.set, set.comment);
  if (comment !== undefined) parts.push(comment);
  return Buffer.concat(parts);
}

function orderOf(type: number, names: readonly DataTypeName[]): Buffer {
  const [only] = names;
  let order: number = byteOrder.unknown;
  if (names.length === 1 && only !== undefined) {
    order = typeOf(only).hostOrder === true ? byteOrder.host : byteOrder.network;
  }
  const bytes = Buffer.alloc(6);
  bytes.set([type, 4]);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(2, order, true);
  return bytes;
}

function nameOf({ family, table, set }: SetReference): string {
  return `set ${family} ${table} ${set}`;
}

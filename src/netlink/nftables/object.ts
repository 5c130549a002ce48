import { DomainError } from '../../base/error.ts';
import { AttributeTable, eachAttribute } from '../attribute.ts';
import { be32, be64, binary, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { flag, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import { expressionTables } from './expression.ts';
import { change, familyIn, genericHeaderBytes, question, type TableReference } from './message.ts';
import { commentType, decodeComment, encodeComment } from './user-data.ts';

/** linux/netfilter/nf_tables.h: NFT_OBJECT_*. */
export const objectTypes = { counter: 1, quota: 2, limit: 4 } as const;
export type ObjectType = keyof typeof objectTypes;

/** NFTA_OBJ_*; the data's table depends on the type. */
const attributes = new AttributeTable({
  table: [1, text],
  name: [2, text],
  type: [3, be32],
  handle: [6, be64],
  userData: [8, binary],
});
const dataAttribute = 4;

export interface ObjectReference extends TableReference {
  readonly object: string;
  readonly type: ObjectType;
}

/** A counter or quota that rules share by its name. */
export type NewObject = TableReference & { readonly object: string; readonly comment?: string } & (
    | { readonly type: 'counter' }
    | {
        readonly type: 'quota';
        readonly bytes: bigint;
        /** Matches once the quota is used up, instead of before. */
        readonly over?: boolean;
      }
    | {
        readonly type: 'limit';
        readonly rate: bigint;
        readonly unitSeconds: bigint;
        readonly burst?: number;
        readonly per?: 'packets' | 'bytes';
      }
  );

export interface NftObject extends TableReference {
  readonly object: string;
  readonly type: ObjectType;
  readonly handle: bigint;
  readonly comment?: string;
  readonly bytes?: bigint;
  readonly packets?: bigint;
  /** Of a quota: what is used of it. */
  readonly consumed?: bigint;
}

/** `nft add counter|quota|limit FAMILY TABLE NAME`. */
export function addObject(object: NewObject): Request {
  const { family, table, type } = object;
  return change('NEWOBJ', {
    family,
    flags: flag.create,
    object: nameOf(object),
    write(writer) {
      attributes.write(writer, {
        table,
        name: object.object,
        type: objectTypes[type],
        userData: encodeComment(commentType.object, object.comment),
      });
      const nest = writer.beginNest(dataAttribute);
      if (type === 'counter') {
        expressionTables.counter.write(writer, { bytes: 0n, packets: 0n });
      } else if (type === 'quota') {
        const flags = object.over === true ? 1 : 0;
        expressionTables.quota.write(writer, { bytes: object.bytes, flags, consumed: 0n });
      } else {
        const { rate, unitSeconds, burst = 0, per = 'packets' } = object;
        expressionTables.limit.write(writer, { rate, unitSeconds, burst, type: per, flags: 0 });
      }
      writer.endNest(nest);
    },
  });
}

/** EBUSY while a rule uses it. `nft delete counter FAMILY TABLE NAME`. */
export function deleteObject(object: ObjectReference): Request {
  const { family, table } = object;
  return change('DELOBJ', {
    family,
    object: nameOf(object),
    write: (writer) =>
      attributes.write(writer, { table, name: object.object, type: objectTypes[object.type] }),
  });
}

/** The objects of one table. `nft list counters`, `quotas`, `limits`. */
export async function listObjects(
  connection: Connection,
  at: TableReference,
): Promise<NftObject[]> {
  const request = question('GETOBJ', {
    family: at.family,
    write: (writer) => attributes.write(writer, { table: at.table }),
  });
  const all = await connection.transact(request, readObject);
  return all.filter((one) => one !== undefined);
}

/** Decodes NFT_MSG_NEWOBJ; undefined for a type not known here. Throws DomainError `invalid`. */
export function readObject(message: Message): NftObject | undefined {
  const family = familyIn(message);
  const { source, end } = message;
  const start = message.start + genericHeaderBytes;
  const values = attributes.read(source, start, end);
  const names = Object.keys(objectTypes) as ObjectType[];
  const type = names.find((name) => objectTypes[name] === values.type);
  if (type === undefined) return undefined;
  const comment = decodeComment(commentType.object, values.userData);
  let numbers: Pick<NftObject, 'bytes' | 'packets' | 'consumed'> = {};
  eachAttribute(source, { start, end }, (attribute, from, to) => {
    if (attribute === dataAttribute) numbers = readNumbers(type, () => [source, from, to]);
  });
  return {
    family,
    table: values.table ?? '',
    object: values.name ?? '',
    type,
    handle: values.handle ?? 0n,
    ...numbers,
    ...(comment !== undefined && { comment }),
  };
}

type ReadArguments = Parameters<typeof expressionTables.counter.read>;

function readNumbers(type: ObjectType, range: () => ReadArguments) {
  if (type === 'limit') return {};
  if (type === 'quota') {
    const { bytes = 0n, consumed = 0n } = expressionTables.quota.read(...range());
    return { bytes, consumed };
  }
  const { bytes = 0n, packets = 0n } = expressionTables.counter.read(...range());
  return { bytes, packets };
}

function nameOf({ family, table, object }: TableReference & { object: string }): string {
  if (object === '') throw new DomainError('invalid', 'An object of nftables needs a name');
  return `object ${family} ${table} ${object}`;
}

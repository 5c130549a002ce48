import { AttributeTable } from '../attribute.ts';
import { be32, be64, binary, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { flag, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import {
  change,
  familyIn,
  genericHeaderBytes,
  question,
  type TableFamily,
  type TableReference,
} from './message.ts';
import { commentType, decodeComment, encodeComment } from './user-data.ts';

/** NFTA_TABLE_*. */
const attributes = new AttributeTable({
  name: [1, text],
  flags: [2, be32],
  use: [3, be32],
  handle: [4, be64],
  userData: [6, binary],
});

const dormantFlag = 1;

export interface Table extends TableReference {
  readonly handle: bigint;
  readonly comment?: string;
  /** Its chains see no packets. */
  readonly dormant: boolean;
}

export type NewTable = TableReference & { readonly comment?: string; readonly dormant?: boolean };

/** Does nothing when the table is there. `nft add table FAMILY NAME`. */
export function addTable(table: NewTable): Request {
  return change('NEWTABLE', {
    family: table.family,
    flags: flag.create,
    object: nameOf(table),
    write: (writer) =>
      attributes.write(writer, {
        name: table.table,
        flags: table.dormant === true ? dormantFlag : 0,
        userData: encodeComment(commentType.table, table.comment),
      }),
  });
}

/** With all it holds; ENOENT when there is none. `nft delete table FAMILY NAME`. */
export function deleteTable(table: TableReference): Request {
  return change('DELTABLE', {
    family: table.family,
    object: nameOf(table),
    write: (writer) => attributes.write(writer, { name: table.table }),
  });
}

/** As deleteTable, whether it is there or not, on every kernel. `nft destroy table FAMILY NAME`. */
export function destroyTable(table: TableReference): Request[] {
  return [addTable(table), deleteTable(table)];
}

/** `nft list tables`. */
export async function listTables(connection: Connection, family?: TableFamily): Promise<Table[]> {
  return connection.transact(question('GETTABLE', { family }), readTable);
}

/** Decodes NFT_MSG_NEWTABLE. Throws DomainError `invalid`. */
export function readTable(message: Message): Table {
  const family = familyIn(message);
  const from = message.start + genericHeaderBytes;
  const values = attributes.read(message.source, from, message.end);
  const comment = decodeComment(commentType.table, values.userData);
  return {
    family,
    table: values.name ?? '',
    handle: values.handle ?? 0n,
    dormant: ((values.flags ?? 0) & dormantFlag) !== 0,
    ...(comment !== undefined && { comment }),
  };
}

function nameOf({ family, table }: TableReference): string {
  return `table ${family} ${table}`;
}

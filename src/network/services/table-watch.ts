import { AttributeTable } from '../../netlink/attribute.ts';
import { text } from '../../netlink/codec.ts';
import type { Connection } from '../../netlink/connection.ts';
import { hostIsLittle, type Message } from '../../netlink/message.ts';
import {
  genericHeaderBytes,
  messages,
  subsystem,
  writeGenericHeader,
} from '../../netlink/nftables/message.ts';
import { protocol, type NamespaceReference } from '../../netlink/open-socket.ts';
import { Subscription } from '../../netlink/subscription.ts';
import { table } from './table-sets.ts';

/** linux/netfilter/nfnetlink_compat.h: NFNLGRP_NFTABLES. */
const group = 7;

/** NFTA_*_TABLE is 1 in messages of tables, chains, rules, sets, elements and objects alike. */
const attributes = new AttributeTable({ table: [1, text] });

export interface TableChange {
  readonly kind: 'changed';
}

/**
 * Tells when somebody else than the connection changes our table. A resync says that it may have
 * been: what 30,000 elements of our own tell is more than the socket holds, and is told as that.
 */
export async function watchTable(
  connection: Connection,
  namespace?: NamespaceReference,
): Promise<Subscription<TableChange>> {
  const own = await portOf(connection);
  return Subscription.open(
    { protocol: protocol.netfilter, groups: [group], decode: (message) => decode(message, own) },
    namespace === undefined ? {} : { namespace },
  );
}

function decode(message: Message, own: number): TableChange | undefined {
  if (message.type >> 8 !== subsystem.nftables) return undefined;
  if ((message.type & 0xff) === messages.NEWGEN || senderOf(message) === own) return undefined;
  const { source, end } = message;
  const from = message.start + genericHeaderBytes;
  if (attributes.read(source, from, end).table !== table.table) return undefined;
  return { kind: 'changed' };
}

/** struct nlmsghdr ends with { __u32 nlmsg_pid }: whose transaction it was. */
function senderOf({ source, start }: Message): number {
  return source.view.getUint32(start - 4, hostIsLittle);
}

/** The kernel answers to the port that asked. */
async function portOf(connection: Connection): Promise<number> {
  const request = {
    call: 'NFT_MSG_GETGEN',
    type: (subsystem.nftables << 8) | messages.GETGEN,
    flags: 0,
    write: (writer: Parameters<typeof writeGenericHeader>[0]) => writeGenericHeader(writer, 0),
  };
  const [port] = await connection.transact(request, senderOf);
  return port ?? 0;
}

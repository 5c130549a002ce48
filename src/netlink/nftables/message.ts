import { DomainError } from '../../base/error.ts';
import { flag, requirePayload, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import type { MessageWriter } from '../writer.ts';

/** linux/netfilter/nfnetlink.h: NFNL_SUBSYS_*, the upper byte of a message's type. */
export const subsystem = { conntrack: 1, nftables: 10 } as const;

/** linux/netfilter/nf_tables.h: NFT_MSG_*. */
export const messages = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  GETSET: 10,
  DELSET: 11,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
  NEWGEN: 15,
  GETGEN: 16,
  NEWOBJ: 18,
  GETOBJ: 19,
  DELOBJ: 20,
} as const;
export type MessageName = keyof typeof messages;

/** The families of `nft`; linux/netfilter.h: NFPROTO_*. */
export const families = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as const;
export type TableFamily = keyof typeof families;

/** A table by its family and name. */
export interface TableReference {
  readonly family: TableFamily;
  readonly table: string;
}

/** struct nfgenmsg { __u8 nfgen_family; __u8 version; __be16 res_id; } */
export function writeGenericHeader(writer: MessageWriter, family: number, resource = 0): void {
  const offset = writer.reserve(4);
  writer.view.setUint8(offset, family);
  writer.view.setUint16(offset + 2, resource, false);
}

export const genericHeaderBytes = 4;

/** The family of an answer. Throws DomainError `invalid` when it is too short to have one. */
export function familyIn(message: Message): TableFamily {
  requirePayload(message, genericHeaderBytes);
  const number = message.source.view.getUint8(message.start);
  for (const name of Object.keys(families) as TableFamily[]) {
    if (families[name] === number) return name;
  }
  throw new DomainError('invalid', `Netfilter family ${number} is not known`);
}

/** One change, to be committed with others. */
export function change(
  name: MessageName,
  plan: {
    readonly family: TableFamily;
    readonly flags?: number;
    readonly object: string;
    write(writer: MessageWriter): void;
  },
): Request {
  return {
    call: `NFT_MSG_${name}`,
    type: (subsystem.nftables << 8) | messages[name],
    flags: plan.flags ?? 0,
    object: plan.object,
    write(writer) {
      writeGenericHeader(writer, families[plan.family]);
      plan.write(writer);
    },
  };
}

/** A question; `family` undefined asks for all of them. */
export function question(
  name: MessageName,
  plan: {
    readonly family: TableFamily | undefined;
    readonly object?: string;
    write?(writer: MessageWriter): void;
  },
): Request {
  return {
    call: `NFT_MSG_${name}`,
    type: (subsystem.nftables << 8) | messages[name],
    flags: flag.dump,
    ...(plan.object !== undefined && { object: plan.object }),
    write(writer) {
      writeGenericHeader(writer, plan.family === undefined ? 0 : families[plan.family]);
      plan.write?.(writer);
    },
  };
}

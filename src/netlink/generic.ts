import { DomainError, isKernelError } from '../base/error.ts';
import { AttributeTable, eachAttribute, type Codec } from './attribute.ts';
import { text, u16, u32 } from './codec.ts';
import type { Connection } from './connection.ts';
import { flag, hostIsLittle, requirePayload, type Message } from './message.ts';
import type { Request } from './request.ts';
import type { MessageWriter } from './writer.ts';

/** linux/genetlink.h: the family that knows the others. */
const controlFamily = 0x10;
const getFamily = 3;
const headerBytes = 4;

const groupTable = new AttributeTable({ name: [1, text], id: [2, u32] });

/** CTRL_ATTR_MCAST_GROUPS: a list whose attribute types count from 1. */
const groups: Codec<Readonly<Record<string, number>>> = {
  write() {
    throw new TypeError('families are made by the kernel');
  },
  read(source, start, end) {
    const found: Record<string, number> = {};
    eachAttribute(source, { start, end }, (_order, from, to) => {
      const { name, id } = groupTable.read(source, from, to);
      if (name !== undefined && id !== undefined) found[name] = id;
    });
    return found;
  },
};

/** CTRL_ATTR_*. */
const attributes = new AttributeTable({
  id: [1, u16],
  name: [2, text],
  version: [3, u32],
  headerBytes: [4, u32],
  maximumAttribute: [5, u32],
  groups: [7, groups],
});

/** A generic netlink family: what speaks for one subsystem, as `wireguard` or `ethtool`. */
export interface GenericFamily {
  /** The message type of its requests; differs from boot to boot. */
  readonly id: number;
  readonly name: string;
  readonly version: number;
  /** Multicast groups by name. */
  readonly groups: Readonly<Record<string, number>>;
}

/**
 * On a connection with `{ protocol: 'generic' }`. Throws DomainError `unsupported` when the kernel
 * has no such family. `genl ctrl get name NAME`.
 */
export async function family(connection: Connection, name: string): Promise<GenericFamily> {
  const request = control(0, (writer) => attributes.write(writer, { name }));
  try {
    const [found] = await connection.transact({ ...request, object: name }, readFamily);
    if (found !== undefined) return found;
  } catch (error) {
    if (!isKernelError(error, 'ENOENT')) throw error;
  }
  throw new DomainError('unsupported', `The kernel has no generic netlink family "${name}"`);
}

/** All families. `genl ctrl list`. */
export async function families(connection: Connection): Promise<GenericFamily[]> {
  return connection.transact(control(flag.dump), readFamily);
}

/** A command to a family, for `Connection.transact`; its answer begins with the same header. */
export function command(
  to: GenericFamily,
  number: number,
  plan: { readonly flags?: number; write?(writer: MessageWriter): void } = {},
): Request {
  return {
    call: `${to.name} command ${number}`,
    type: to.id,
    flags: plan.flags ?? flag.acknowledge,
    write(writer) {
      writeHeader(writer, number, to.version);
      plan.write?.(writer);
    },
  };
}

function control(flags: number, write?: (writer: MessageWriter) => void): Request {
  return {
    call: 'CTRL_CMD_GETFAMILY',
    type: controlFamily,
    flags,
    write(writer) {
      writeHeader(writer, getFamily, 1);
      write?.(writer);
    },
  };
}

/** struct genlmsghdr { __u8 cmd; __u8 version; __u16 reserved; } */
function writeHeader(writer: MessageWriter, commandNumber: number, version: number): void {
  const offset = writer.reserve(headerBytes);
  writer.view.setUint16(offset + 2, 0, hostIsLittle);
  writer.view.setUint8(offset, commandNumber);
  writer.view.setUint8(offset + 1, version);
}

/** Decodes CTRL_CMD_NEWFAMILY. Throws DomainError `invalid`. */
export function readFamily(message: Message): GenericFamily {
  requirePayload(message, headerBytes);
  const values = attributes.read(message.source, message.start + headerBytes, message.end);
  return {
    id: values.id ?? 0,
    name: values.name ?? '',
    version: values.version ?? 0,
    groups: values.groups ?? {},
  };
}

import { AttributeTable } from './attribute.ts';
import { s32, u32 } from './codec.ts';
import type { Connection } from './connection.ts';
import { flag, requirePayload, type Message } from './message.ts';
import { withNamespace, type NamespaceReference } from './open-socket.ts';
import type { Request } from './request.ts';
import type { MessageWriter } from './writer.ts';

/** linux/rtnetlink.h: RTM_*NSID; linux/net_namespace.h: NETNSA_*. */
export const namespaceIdType = { new: 88, remove: 89, get: 90 } as const;
const table = new AttributeTable({ id: [1, s32], pid: [2, u32], fd: [3, u32] });

/** The kernel's answer for a namespace that has none. */
const unassigned = -1;
/** The kernel chooses a free number. */
const anyId = -1;

/**
 * The number by which the connection's namespace knows another one (`Link.linkNamespaceId`), or
 * undefined. Numbers are local: each namespace has its own for the others. `ip netns list-id`.
 */
export async function get(
  connection: Connection,
  namespace: NamespaceReference,
): Promise<number | undefined> {
  return withNamespace(namespace, async (fd) => {
    const request = message('RTM_GETNSID', namespaceIdType.get, (writer) =>
      table.write(writer, { fd }),
    );
    const [id] = await connection.transact(request, readNamespaceId);
    return id === unassigned ? undefined : id;
  });
}

/**
 * Gives a namespace a number, or the kernel's choice of one, and resolves to it. Throws
 * KernelError EEXIST when it has one. `ip netns set NAME ID`.
 */
export async function assign(
  connection: Connection,
  namespace: NamespaceReference,
  id: number = anyId,
): Promise<number> {
  return withNamespace(namespace, async (fd) => {
    const write = (writer: MessageWriter): void => table.write(writer, { fd, id });
    const request = message('RTM_NEWNSID', namespaceIdType.new, write);
    await connection.transact({ ...request, flags: flag.acknowledge });
    const assigned = await get(connection, fd);
    if (assigned === undefined) throw new Error(`RTM_NEWNSID ${namespace}: no number was given`);
    return assigned;
  });
}

/** All numbers that the connection's namespace has given. */
export async function list(connection: Connection): Promise<number[]> {
  const request = message('RTM_GETNSID', namespaceIdType.get, () => {});
  return connection.transact({ ...request, flags: flag.dump }, readNamespaceId);
}

/** struct rtgenmsg { unsigned char rtgen_family; }, padded to 4 bytes. */
function message(call: string, type: number, write: (writer: MessageWriter) => void): Request {
  return {
    call,
    type,
    flags: 0,
    write(writer) {
      writer.reserve(4);
      write(writer);
    },
  };
}

export function readNamespaceId(answer: Message): number {
  requirePayload(answer, 4);
  return table.read(answer.source, answer.start + 4, answer.end).id ?? unassigned;
}

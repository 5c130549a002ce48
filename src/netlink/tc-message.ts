import { DomainError } from '../base/error.ts';
import { AttributeTable, type Codec } from './attribute.ts';
import { nested, requireBytes, struct, text } from './codec.ts';
import type { Connection } from './connection.ts';
import { indexOf, type Device } from './link.ts';
import { flag, hostIsLittle, requirePayload, type Message, type Source } from './message.ts';
import type { Request } from './request.ts';
import { formatHandle, type TcHandle } from './tc-handle.ts';
import type { MessageWriter } from './writer.ts';

/** linux/rtnetlink.h: RTM_*QDISC, RTM_*TCLASS, RTM_*TFILTER. */
export const tcTypes = {
  QDISC: { new: 36, remove: 37, get: 38 },
  TCLASS: { new: 40, remove: 41, get: 42 },
  TFILTER: { new: 44, remove: 45, get: 46 },
} as const;
export type TcSubject = keyof typeof tcTypes;

/** struct gnet_stats_basic { __u64 bytes; __u32 packets; } */
const basic: Codec<{ bytes: bigint; packets: number }> = {
  write() {
    throw new TypeError('statistics are read only');
  },
  read(source, start, end) {
    requireBytes(start, end, 12);
    return {
      bytes: source.view.getBigUint64(start, hostIsLittle),
      packets: source.view.getUint32(start + 8, hostIsLittle),
    };
  },
};

const statisticsTable = new AttributeTable({
  basic: [1, basic],
  queue: [3, struct(['packets', 'bytes', 'drops', 'requeues', 'overLimits'])],
});

interface Range {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** TCA_OPTIONS: its table depends on TCA_KIND, so it is read by the subject. */
const range: Codec<Range> = {
  write() {
    throw new TypeError('options are written by their subject');
  },
  read: (source, start, end) => ({ source, start, end }),
};

const table = new AttributeTable({
  kind: [1, text],
  options: [2, range],
  statistics: [7, nested(statisticsTable)],
});

export interface TcStatistics {
  readonly bytes: bigint;
  readonly packets: number;
  readonly drops: number;
  readonly overLimits: number;
  readonly backlogBytes: number;
  readonly backlogPackets: number;
}

/** What qdiscs, classes and filters have in common. */
export interface TcObject {
  /** Index of the interface. */
  readonly index: number;
  readonly kind: string;
  readonly handle: TcHandle;
  readonly parent: TcHandle;
  readonly statistics?: TcStatistics;
}

export interface TcRead extends TcObject {
  readonly info: number;
  readonly options?: Range;
}

/**
 * Decodes a message about any of the three. Throws DomainError `invalid`.
 *
 * struct tcmsg { u8 family, pad; u16 pad; int ifindex; u32 handle, parent, info; }
 */
export function readTc(message: Message): TcRead {
  requirePayload(message, 20);
  const { source, start } = message;
  const { kind, options, statistics } = table.read(source, start + 20, message.end);
  return {
    index: source.view.getInt32(start + 4, hostIsLittle),
    handle: formatHandle(source.view.getUint32(start + 8, hostIsLittle)),
    parent: formatHandle(source.view.getUint32(start + 12, hostIsLittle)),
    info: source.view.getUint32(start + 16, hostIsLittle),
    kind: kind ?? '',
    ...(options !== undefined && { options }),
    ...(statistics !== undefined && {
      statistics: {
        bytes: statistics.basic?.bytes ?? 0n,
        packets: statistics.basic?.packets ?? 0,
        drops: statistics.queue?.drops ?? 0,
        overLimits: statistics.queue?.overLimits ?? 0,
        backlogBytes: statistics.queue?.bytes ?? 0,
        backlogPackets: statistics.queue?.packets ?? 0,
      },
    }),
  };
}

export interface TcPlan {
  readonly subject: TcSubject;
  readonly verb: 'new' | 'remove';
  /** NLM_F_CREATE and its like. */
  readonly flags: number;
  readonly index: number;
  readonly handle: number;
  readonly parent: number;
  readonly info?: number;
  readonly kind?: string;
  writeOptions?(writer: MessageWriter): void;
}

/** A change. Replacing a device's qdisc waits for packets under way, so all go to the pool. */
export function tcRequest(plan: TcPlan): Request {
  const { subject, verb, kind } = plan;
  const where = `${kind ?? ''} ${formatHandle(plan.handle)} at ${formatHandle(plan.parent)}`;
  return {
    call: `RTM_${verb === 'new' ? 'NEW' : 'DEL'}${subject}`,
    type: tcTypes[subject][verb],
    flags: flag.acknowledge | plan.flags,
    object: `${where} of index ${plan.index}`.trim(),
    slow: true,
    write(writer) {
      writeTcHeader(writer, plan);
      if (kind !== undefined) text.write(writer, 1, kind);
      plan.writeOptions?.(writer);
    },
  };
}

export function writeTcHeader(
  writer: MessageWriter,
  { index = 0, handle = 0, parent = 0, info = 0 },
): void {
  const offset = writer.reserve(20);
  writer.view.setInt32(offset + 4, index, hostIsLittle);
  writer.view.setUint32(offset + 8, handle, hostIsLittle);
  writer.view.setUint32(offset + 12, parent, hostIsLittle);
  writer.view.setUint32(offset + 16, info, hostIsLittle);
}

/** All of one subject on an interface; for filters, below one parent. */
export async function listTc<T>(
  connection: Connection,
  at: { readonly subject: TcSubject; readonly device: Device; readonly parent?: number },
  decode: (message: Message) => T,
): Promise<T[]> {
  const index = await indexOf(connection, at.device);
  const { parent = 0, subject } = at;
  const request: Request = {
    call: `RTM_GET${subject}`,
    type: tcTypes[subject].get,
    flags: flag.dump,
    object: String(at.device),
    write: (writer) => writeTcHeader(writer, { index, parent }),
  };
  return connection.transact(request, decode);
}

/** For requests that go into a batch. Throws DomainError `invalid` for a name. */
export function requireIndex(device: Device): number {
  if (typeof device === 'number') return device;
  throw new DomainError('invalid', `A request takes the index of "${device}"`);
}

import { isKernelError } from '../base/error.ts';
import { eachAttribute } from './attribute.ts';
import { u32 } from './codec.ts';
import type { Connection } from './connection.ts';
import { readActions, writeAction, type FilterAction } from './filter-action.ts';
import { indexOf, type Device } from './link.ts';
import { flag, hostIsLittle, type Message } from './message.ts';
import type { Request } from './request.ts';
import { parseHandle, type TcHandle } from './tc-handle.ts';
import { listTc, readTc, requireIndex, tcRequest, type TcObject } from './tc-message.ts';
import type { MessageWriter } from './writer.ts';

/** 32 bits at an offset from the network header, compared under a mask. */
export interface U32Key {
  readonly value: number;
  readonly mask: number;
  readonly offset: number;
}

export type { FilterAction } from './filter-action.ts';

export type NewFilter = {
  readonly device: Device;
  /** `ffff:` for the ingress qdisc, or a qdisc `1:`. */
  readonly parent: TcHandle;
  /** 1 (first) to 65535. */
  readonly priority: number;
  /** ETH_P_* number; all by default. */
  readonly protocol?: number;
  /** The class that a match belongs to. */
  readonly classId?: TcHandle;
  readonly action?: FilterAction;
} & (
  | {
      readonly kind: 'u32';
      /** All must match; without any every packet does. */
      readonly keys?: readonly U32Key[];
    }
  | { readonly kind: 'matchall' }
);

export interface Filter extends TcObject {
  readonly priority: number;
  readonly protocol: number;
  /** Those of the kinds known here. */
  readonly actions: readonly FilterAction[];
}

/** Throws KernelError ENOENT when the kernel lacks the kind. `tc filter add`. */
export async function add(connection: Connection, filter: NewFilter): Promise<void> {
  const device = await indexOf(connection, filter.device);
  await connection.transact(addRequest({ ...filter, device }));
}

/** Removes all filters of a priority. Resolves to false when there was none. `tc filter delete`. */
export async function remove(
  connection: Connection,
  filter: Pick<NewFilter, 'device' | 'parent' | 'priority' | 'protocol'>,
): Promise<boolean> {
  const device = await indexOf(connection, filter.device);
  try {
    await connection.transact(removeRequest({ ...filter, device }));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENODEV', 'EINVAL')) return false;
    throw error;
  }
}

/** The filters below a parent. `tc filter show dev DEVICE parent PARENT`. */
export async function list(
  connection: Connection,
  device: Device,
  parent: TcHandle,
): Promise<Filter[]> {
  const at = { subject: 'TFILTER', device, parent: parseHandle(parent) } as const;
  return listTc(connection, at, readFilter);
}

/** For `transact` and `batch`; the device is an index. */
export function addRequest(filter: NewFilter): Request {
  return tcRequest({
    subject: 'TFILTER',
    verb: 'new',
    flags: flag.create | flag.exclusive,
    index: requireIndex(filter.device),
    handle: 0,
    parent: parseHandle(filter.parent),
    info: infoOf(filter),
    kind: filter.kind,
    writeOptions(writer) {
      const nest = writer.beginPlainNest(2);
      if (filter.kind === 'u32') writeU32(writer, filter);
      else writeMatchAll(writer, filter);
      writer.endNest(nest);
    },
  });
}

/** For `transact` and `batch`; the device is an index. */
export function removeRequest(
  filter: Pick<NewFilter, 'device' | 'parent' | 'priority' | 'protocol'>,
): Request {
  return tcRequest({
    subject: 'TFILTER',
    verb: 'remove',
    flags: 0,
    index: requireIndex(filter.device),
    handle: 0,
    parent: parseHandle(filter.parent),
    info: infoOf(filter),
  });
}

const everyProtocol = 3;

/** TC_H_MAKE(priority << 16, htons(protocol)). */
function infoOf({ priority, protocol }: Pick<NewFilter, 'priority' | 'protocol'>): number {
  return ((priority << 16) | networkOrder(protocol ?? everyProtocol)) >>> 0;
}

function networkOrder(value: number): number {
  return hostIsLittle ? ((value & 0xff) << 8) | (value >> 8) : value;
}

type U32Filter = Extract<NewFilter, { kind: 'u32' }>;

/** TCA_U32_*: CLASSID 1, SEL 5, ACT 7. */
function writeU32(writer: MessageWriter, filter: U32Filter): void {
  if (filter.classId !== undefined) u32.write(writer, 1, parseHandle(filter.classId));
  if (filter.action !== undefined) writeAction(writer, 7, filter.action);
  writeSelector(writer, filter.keys ?? [{ value: 0, mask: 0, offset: 0 }]);
}

/**
 * struct tc_u32_sel { u8 flags, offshift, nkeys; be16 offmask; u16 off; s16 offoff, hoff;
 *   be32 hmask; struct tc_u32_key { be32 mask, val; int off, offmask; } keys[]; }
 */
function writeSelector(writer: MessageWriter, keys: readonly U32Key[]): void {
  const terminal = 1;
  const offset = writer.attribute(5, 16 + keys.length * 16);
  writer.view.setUint8(offset, terminal);
  writer.view.setUint8(offset + 2, keys.length);
  for (const [i, key] of keys.entries()) {
    const at = offset + 16 + i * 16;
    writer.view.setUint32(at, key.mask, false);
    writer.view.setUint32(at + 4, (key.value & key.mask) >>> 0, false);
    writer.view.setInt32(at + 8, key.offset, hostIsLittle);
  }
}

/** TCA_MATCHALL_*: CLASSID 1, ACT 2. */
function writeMatchAll(writer: MessageWriter, filter: NewFilter): void {
  if (filter.classId !== undefined) u32.write(writer, 1, parseHandle(filter.classId));
  if (filter.action !== undefined) writeAction(writer, 2, filter.action);
}

/** Decodes RTM_NEWTFILTER and RTM_DELTFILTER. Throws DomainError `invalid`. */
export function readFilter(message: Message): Filter {
  const { options, info, ...filter } = readTc(message);
  const actions: FilterAction[] = [];
  const actionType = filter.kind === 'u32' ? 7 : 2;
  if (options !== undefined && (filter.kind === 'u32' || filter.kind === 'matchall')) {
    eachAttribute(options.source, options, (type, start, end) => {
      if (type === actionType) actions.push(...readActions(options.source, start, end));
    });
  }
  return { ...filter, priority: info >>> 16, protocol: networkOrder(info & 0xffff), actions };
}

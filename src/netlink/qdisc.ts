import { isKernelError } from '../base/error.ts';
import { AttributeTable } from './attribute.ts';
import { struct, u32, u64 } from './codec.ts';
import type { Connection } from './connection.ts';
import { indexOf, type Device } from './link.ts';
import { flag, type Message } from './message.ts';
import type { Request } from './request.ts';
import { parseHandle, type TcHandle } from './tc-handle.ts';
import { listTc, readTc, requireIndex, tcRequest, type TcObject } from './tc-message.ts';
import { bytesIn, ticksFor, tokenBucket, wideRate } from './tc-rate.ts';
import type { MessageWriter } from './writer.ts';

/** TCA_TBF_*. */
const tbfTable = new AttributeTable({
  parameters: [1, tokenBucket],
  rate64: [4, u64],
  burst: [6, u32],
});

/** TCA_HTB_INIT: struct tc_htb_glob { version, rate2quantum, defcls, debug, direct_pkts } */
const htbTable = new AttributeTable({
  global: [2, struct(['version', 'rateToQuantum', 'defaultClass', 'debug', 'directPackets'])],
});

/** TCA_FQ_CODEL_*. */
const fqCodelTable = new AttributeTable({
  targetMicroseconds: [1, u32],
  limitPackets: [2, u32],
  intervalMicroseconds: [3, u32],
  flows: [5, u32],
  quantum: [6, u32],
});

/** Token bucket: passes `rateBytes` a second on average and `burstBytes` at once. */
export interface TbfOptions {
  readonly rateBytes: number;
  readonly burstBytes: number;
  /** What may wait, with the burst; `latencyMs` gives it by the time that the last one waits. */
  readonly limitBytes?: number;
  readonly latencyMs?: number;
}

export type NewQdisc = {
  readonly device: Device;
  /** `root` by default, `ingress` for the kinds ingress and clsact; or a class. */
  readonly parent?: TcHandle;
  readonly handle?: TcHandle;
} & (
  | { readonly kind: 'tbf'; readonly options: TbfOptions }
  | { readonly kind: 'htb'; readonly options?: { readonly defaultClass?: number } }
  | { readonly kind: 'fq_codel'; readonly options?: { readonly limitPackets?: number } }
  | { readonly kind: 'bfifo'; readonly options: { readonly limitBytes: number } }
  | { readonly kind: 'ingress' | 'clsact' }
);

export interface Qdisc extends TcObject {
  readonly tbf?: {
    readonly rateBytes: number;
    readonly burstBytes: number;
    readonly limitBytes: number;
  };
  readonly htb?: { readonly defaultClass: number };
  readonly bfifo?: { readonly limitBytes: number };
}

/** Throws KernelError EEXIST for a taken place, ENOENT for an unknown kind. `tc qdisc add`. */
export async function add(connection: Connection, qdisc: NewQdisc): Promise<void> {
  await connection.transact(addRequest(await resolved(connection, qdisc)));
}

/** Adds it, or changes the one at its place: a live change of a rate. `tc qdisc replace`. */
export async function replace(connection: Connection, qdisc: NewQdisc): Promise<void> {
  await connection.transact(replaceRequest(await resolved(connection, qdisc)));
}

/** Resolves to false when there was none. `tc qdisc delete dev DEVICE PARENT`. */
export async function remove(
  connection: Connection,
  device: Device,
  parent: TcHandle = 'root',
): Promise<boolean> {
  try {
    await connection.transact(removeRequest(await indexOf(connection, device), parent));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'EINVAL', 'ENODEV')) return false;
    throw error;
  }
}

/** `tc -s qdisc show dev DEVICE`. */
export async function list(connection: Connection, device: Device): Promise<Qdisc[]> {
  const index = await indexOf(connection, device);
  const all = await listTc(connection, { subject: 'QDISC', device: index }, readQdisc);
  return all.filter((one) => one.index === index);
}

/** For `transact` and `batch`; the device is an index. */
export function addRequest(qdisc: NewQdisc): Request {
  return change(qdisc, flag.create | flag.exclusive);
}

/** For `transact` and `batch`; the device is an index. */
export function replaceRequest(qdisc: NewQdisc): Request {
  return change(qdisc, flag.create | flag.replace);
}

/** For `transact` and `batch`. */
export function removeRequest(index: number, parent: TcHandle): Request {
  const at = { index, handle: 0, parent: parseHandle(parent) };
  return tcRequest({ subject: 'QDISC', verb: 'remove', flags: 0, ...at });
}

function change(qdisc: NewQdisc, flags: number): Request {
  const atIngress = qdisc.kind === 'ingress' || qdisc.kind === 'clsact';
  return tcRequest({
    subject: 'QDISC',
    verb: 'new',
    flags,
    index: requireIndex(qdisc.device),
    handle: parseHandle(qdisc.handle ?? (atIngress ? 'ffff:' : 'none')),
    parent: parseHandle(qdisc.parent ?? (atIngress ? 'ingress' : 'root')),
    kind: qdisc.kind,
    ...(!atIngress && { writeOptions: (writer) => writeOptions(writer, qdisc) }),
  });
}

function writeOptions(writer: MessageWriter, qdisc: NewQdisc): void {
  // struct tc_fifo_qopt { __u32 limit; } stands there by itself.
  if (qdisc.kind === 'bfifo') return u32.write(writer, 2, qdisc.options.limitBytes);
  const nest = writer.beginPlainNest(2);
  if (qdisc.kind === 'tbf') {
    const { rateBytes, burstBytes } = qdisc.options;
    tbfTable.write(writer, {
      parameters: {
        rateBytes,
        peakRateBytes: 0,
        limitBytes: limitOf(qdisc.options),
        bufferTicks: ticksFor(burstBytes, rateBytes),
        mtuTicks: 0,
      },
      burst: burstBytes,
      rate64: wideRate(rateBytes),
    });
  } else if (qdisc.kind === 'htb') {
    const defaultClass = qdisc.options?.defaultClass ?? 0;
    const global = { version: 3, rateToQuantum: 10, defaultClass, debug: 0, directPackets: 0 };
    htbTable.write(writer, { global });
  } else if (qdisc.kind === 'fq_codel') {
    fqCodelTable.write(writer, { limitPackets: qdisc.options?.limitPackets });
  }
  writer.endNest(nest);
}

/** As `tc` computes it from a latency: what the rate sends in that time, and the burst. */
function limitOf({ rateBytes, burstBytes, limitBytes, latencyMs }: TbfOptions): number {
  if (limitBytes !== undefined) return limitBytes;
  return Math.min(Math.floor((rateBytes * (latencyMs ?? 25)) / 1000 + burstBytes), 0xffffffff);
}

/** Decodes RTM_NEWQDISC and RTM_DELQDISC. Throws DomainError `invalid`. */
export function readQdisc(message: Message): Qdisc {
  const { options, info: _references, ...qdisc } = readTc(message);
  if (options === undefined) return qdisc;
  const { source, start, end } = options;
  if (qdisc.kind === 'tbf') {
    const { parameters, rate64 } = tbfTable.read(source, start, end);
    if (parameters === undefined) return qdisc;
    const rateBytes = rate64 === undefined ? parameters.rateBytes : Number(rate64);
    const burstBytes = bytesIn(parameters.bufferTicks, rateBytes);
    return { ...qdisc, tbf: { rateBytes, burstBytes, limitBytes: parameters.limitBytes } };
  }
  if (qdisc.kind === 'htb') {
    const { global } = htbTable.read(source, start, end);
    if (global !== undefined) return { ...qdisc, htb: { defaultClass: global.defaultClass } };
  }
  if (qdisc.kind === 'bfifo') {
    return { ...qdisc, bfifo: { limitBytes: u32.read(source, start, end) } };
  }
  return qdisc;
}

async function resolved(connection: Connection, qdisc: NewQdisc): Promise<NewQdisc> {
  return { ...qdisc, device: await indexOf(connection, qdisc.device) };
}

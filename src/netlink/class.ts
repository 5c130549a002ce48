import { isKernelError } from '../base/error.ts';
import { AttributeTable } from './attribute.ts';
import { u64 } from './codec.ts';
import type { Connection } from './connection.ts';
import { indexOf, type Device } from './link.ts';
import { flag, type Message } from './message.ts';
import type { Request } from './request.ts';
import { parseHandle, type TcHandle } from './tc-handle.ts';
import { listTc, readTc, requireIndex, tcRequest, type TcObject } from './tc-message.ts';
import { bytesIn, htbParameters, ticksFor, wideRate } from './tc-rate.ts';

/** TCA_HTB_*. */
const table = new AttributeTable({
  parameters: [1, htbParameters],
  rate64: [6, u64],
  ceil64: [7, u64],
});

/** A class of an htb qdisc: `rateBytes` a second guaranteed, up to `ceilBytes` when others idle. */
export interface NewClass {
  readonly device: Device;
  /** The qdisc `1:` or a class above. */
  readonly parent: TcHandle;
  /** Its own name: `1:10`. */
  readonly handle: TcHandle;
  readonly rateBytes: number;
  readonly ceilBytes?: number;
  readonly burstBytes?: number;
  readonly ceilBurstBytes?: number;
  /** 0 (first) to 7. */
  readonly priority?: number;
  /** Bytes sent before the next class has its turn; by default the kernel derives it. */
  readonly quantum?: number;
}

export interface TcClass extends TcObject {
  readonly htb?: {
    readonly rateBytes: number;
    readonly ceilBytes: number;
    readonly burstBytes: number;
    readonly priority: number;
  };
}

/** Throws KernelError EEXIST. `tc class add`. */
export async function add(connection: Connection, tcClass: NewClass): Promise<void> {
  await connection.transact(addRequest(await resolved(connection, tcClass)));
}

/** Adds it, or changes the one of its name while traffic flows. `tc class replace`. */
export async function replace(connection: Connection, tcClass: NewClass): Promise<void> {
  await connection.transact(replaceRequest(await resolved(connection, tcClass)));
}

/** Resolves to false when there was none. `tc class delete dev DEVICE classid HANDLE`. */
export async function remove(
  connection: Connection,
  device: Device,
  handle: TcHandle,
): Promise<boolean> {
  try {
    await connection.transact(removeRequest(await indexOf(connection, device), handle));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENODEV')) return false;
    throw error;
  }
}

/** `tc -s class show dev DEVICE`. */
export async function list(connection: Connection, device: Device): Promise<TcClass[]> {
  return listTc(connection, { subject: 'TCLASS', device }, readClass);
}

/** For `transact` and `batch`; the device is an index. */
export function addRequest(tcClass: NewClass): Request {
  return change(tcClass, flag.create | flag.exclusive);
}

/** For `transact` and `batch`; the device is an index. */
export function replaceRequest(tcClass: NewClass): Request {
  return change(tcClass, flag.create);
}

/** For `transact` and `batch`. */
export function removeRequest(index: number, handle: TcHandle): Request {
  const at = { index, handle: parseHandle(handle), parent: 0 };
  return tcRequest({ subject: 'TCLASS', verb: 'remove', flags: 0, ...at });
}

/** A burst of one full frame, as `tc` takes without one. */
const defaultBurstBytes = 1600;

function change(tcClass: NewClass, flags: number): Request {
  const { rateBytes, ceilBytes = rateBytes, burstBytes = defaultBurstBytes } = tcClass;
  const ceilBurstBytes = tcClass.ceilBurstBytes ?? defaultBurstBytes;
  return tcRequest({
    subject: 'TCLASS',
    verb: 'new',
    flags,
    index: requireIndex(tcClass.device),
    handle: parseHandle(tcClass.handle),
    parent: parseHandle(tcClass.parent),
    kind: 'htb',
    writeOptions(writer) {
      const nest = writer.beginPlainNest(2);
      table.write(writer, {
        rate64: wideRate(rateBytes),
        ceil64: wideRate(ceilBytes),
        parameters: {
          rateBytes,
          ceilBytes,
          bufferTicks: ticksFor(burstBytes, rateBytes),
          ceilBufferTicks: ticksFor(ceilBurstBytes, ceilBytes),
          quantum: tcClass.quantum ?? 0,
          priority: tcClass.priority ?? 0,
        },
      });
      writer.endNest(nest);
    },
  });
}

/** Decodes RTM_NEWTCLASS and RTM_DELTCLASS. Throws DomainError `invalid`. */
export function readClass(message: Message): TcClass {
  const { options, info: _leaf, ...tcClass } = readTc(message);
  if (options === undefined || tcClass.kind !== 'htb') return tcClass;
  const values = table.read(options.source, options.start, options.end);
  const { parameters } = values;
  if (parameters === undefined) return tcClass;
  const rateBytes = values.rate64 === undefined ? parameters.rateBytes : Number(values.rate64);
  const ceilBytes = values.ceil64 === undefined ? parameters.ceilBytes : Number(values.ceil64);
  const burstBytes = bytesIn(parameters.bufferTicks, rateBytes);
  return { ...tcClass, htb: { rateBytes, ceilBytes, burstBytes, priority: parameters.priority } };
}

async function resolved(connection: Connection, tcClass: NewClass): Promise<NewClass> {
  return { ...tcClass, device: await indexOf(connection, tcClass.device) };
}

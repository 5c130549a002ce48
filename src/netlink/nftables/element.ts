import { DomainError } from '../../base/error.ts';
import { AttributeTable } from '../attribute.ts';
import { be32, be64, binary, list, nested, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { flag, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import type { MessageWriter } from '../writer.ts';
import { data, type Data, type Verdict } from './data.ts';
import { boundsOf, decodeFields, encodeFields, paddedBytes, typeOf } from './data-type.ts';
import type { DataTypeName, FieldRange, FieldValue } from './data-type.ts';
import { change, genericHeaderBytes, question, type MessageName } from './message.ts';
import { isConcatenatedInterval, type NftSet, type SetDefinition } from './set.ts';
import { commentType, decodeComment, encodeComment } from './user-data.ts';

/** An element of a set; `key` has one value a field. */
export interface Element {
  /** Fields of interval sets may be ranges or prefixes. */
  readonly key: readonly (FieldValue | FieldRange)[];
  /** Of maps: values, a verdict, or the name of an object. */
  readonly data?: readonly FieldValue[] | Verdict | string;
  readonly timeoutMs?: number;
  readonly comment?: string;
}

/** NFTA_SET_ELEM_*. */
const elementTable = new AttributeTable({
  key: [1, data],
  data: [2, data],
  flags: [3, be32],
  timeoutMs: [4, be64],
  expirationMs: [5, be64],
  userData: [6, binary],
  object: [9, text],
  keyEnd: [10, data],
});
const intervalEnd = 1;

const elementCodec = nested(elementTable);

/** NFTA_SET_ELEM_LIST_*. */
const elementsAttribute = 3;
const listTable = new AttributeTable({
  table: [1, text],
  set: [2, text],
  elements: [elementsAttribute, list(1, elementCodec)],
  setId: [4, be32],
});

/**
 * Adds elements, in as many messages as they need (an attribute holds 64 KiB). One that is there
 * with other data is EEXIST. `nft add element FAMILY TABLE NAME { ... }`.
 */
export function addElements(set: SetDefinition, elements: readonly Element[]): Request[] {
  return inChunks('NEWSETELEM', set, elements);
}

/** As addElements, but EEXIST when one is there. `nft create element FAMILY TABLE NAME { ... }`. */
export function createElements(set: SetDefinition, elements: readonly Element[]): Request[] {
  return inChunks('NEWSETELEM', set, elements).map((request) => ({
    ...request,
    flags: request.flags | flag.exclusive,
  }));
}

/** ENOENT when one is not there. `nft delete element FAMILY TABLE NAME { ... }`. */
export function deleteElements(set: SetDefinition, elements: readonly Element[]): Request[] {
  return inChunks('DELSETELEM', set, elements);
}

/** All of them, none is no error. `nft flush set FAMILY TABLE NAME`. */
export function flushElements(set: SetDefinition): Request {
  return change('DELSETELEM', {
    family: set.family,
    object: nameOf(set),
    write: (writer) => listTable.write(writer, { table: set.table, set: set.set }),
  });
}

/** The elements of a set as `listSets` gives it. `nft list set FAMILY TABLE NAME`. */
export async function listElements(
  connection: Connection,
  set: SetDefinition | NftSet,
): Promise<Element[]> {
  const { key } = set;
  if (key === undefined) {
    throw new DomainError('unsupported', `${nameOf(set)} has a key of unknown types`);
  }
  const known = { ...set, key };
  const request = question('GETSETELEM', {
    family: set.family,
    object: nameOf(set),
    write: (writer) => listTable.write(writer, { table: set.table, set: set.set }),
  });
  const parts = await connection.transact(request, readElements);
  const raw = parts.flat();
  if (set.interval !== true || key.length > 1) return raw.map((one) => fromRaw(known, one));
  return joined(known, raw);
}

/** Below the 64 KiB of an attribute. */
const chunkBytes = 60_000;

/** Elements are encoded only when a message is written: they would be many small objects. */
function inChunks(
  name: Extract<MessageName, 'NEWSETELEM' | 'DELSETELEM'>,
  set: SetDefinition,
  elements: readonly Element[],
): Request[] {
  const most = elements.reduce((bytes, one) => Math.max(bytes, mostBytesOf(set, one)), 64);
  const perMessage = Math.floor(chunkBytes / most);
  const chunks: Request[] = [];
  for (let first = 0; first < elements.length; first += perMessage) {
    const part = elements.slice(first, first + perMessage);
    chunks.push(
      change(name, {
        family: set.family,
        flags: name === 'NEWSETELEM' ? flag.create : 0,
        object: `elements of ${nameOf(set)}`,
        write: (writer) => writeElements(writer, set, part),
      }),
    );
  }
  return chunks;
}

function writeElements(writer: MessageWriter, set: SetDefinition, part: readonly Element[]): void {
  listTable.write(writer, { table: set.table, set: set.set });
  const nest = writer.beginNest(elementsAttribute);
  for (const element of part) {
    for (const raw of toRaw(set, element)) elementCodec.write(writer, 1, raw);
  }
  writer.endNest(nest);
}

type Raw = ReturnType<typeof elementTable.read>;

/** An upper bound: headers, both ends of an interval, and the texts of any length. */
function mostBytesOf(set: SetDefinition, { data: led, comment = '' }: Element): number {
  const fixed = 120 + 2 * paddedBytes(set.key);
  const text = 3 * comment.length;
  if (led === undefined) return fixed + text;
  if (typeof led === 'string') return fixed + text + 3 * led.length;
  if ('verdict' in led) return fixed + text + 3 * (led.chain?.length ?? 0);
  return fixed + text + 16 * led.length;
}

function toRaw(set: SetDefinition, element: Element): Raw[] {
  const { timeoutMs } = element;
  const common: Raw = {
    data: element.data === undefined ? undefined : dataOf(set, element.data),
    timeoutMs: timeoutMs === undefined ? undefined : BigInt(timeoutMs),
    userData: encodeComment(commentType.element, element.comment),
    object: typeof element.data === 'string' ? element.data : undefined,
  };
  if (set.interval !== true) {
    return [{ key: { value: encodeFields(set.key, singles(element.key)) }, ...common }];
  }
  const bounds = set.key.map((name, i) => boundsOf(name, element.key[i] ?? ''));
  if (isConcatenatedInterval(set)) {
    const key = padded(
      set.key,
      bounds.map(([first]) => first),
    );
    const keyEnd = padded(
      set.key,
      bounds.map(([, last]) => last),
    );
    return [{ key: { value: key }, keyEnd: { value: keyEnd }, ...common }];
  }
  const [first, last] = bounds[0] ?? [Buffer.alloc(0), Buffer.alloc(0)];
  const after = successor(last);
  const start: Raw = { key: { value: first }, ...common };
  // The last value of all has none after it: such an interval stays open.
  return after === undefined ? [start] : [start, { key: { value: after }, flags: intervalEnd }];
}

function dataOf(set: SetDefinition, value: NonNullable<Element['data']>): Data | undefined {
  if (typeof value === 'string') return undefined;
  if ('verdict' in value) return value;
  if (set.data === undefined || typeof set.data === 'string' || 'object' in set.data) {
    throw new DomainError('invalid', `${nameOf(set)} is not a map to values`);
  }
  return { value: encodeFields(set.data, value) };
}

function singles(key: Element['key']): FieldValue[] {
  return key.map((field) => {
    if (typeof field !== 'object') return field;
    throw new DomainError('invalid', 'A range stands only in a set of intervals');
  });
}

function padded(names: readonly DataTypeName[], fields: readonly Buffer[]): Buffer {
  return Buffer.concat(
    names.flatMap((name, i) => {
      const field = fields[i] ?? Buffer.alloc(0);
      return [field, Buffer.alloc(((typeOf(name).bytes + 3) & ~3) - field.length)];
    }),
  );
}

/** The next value; undefined after the last. */
function successor(bytes: Buffer): Buffer | undefined {
  const next = Buffer.from(bytes);
  for (let i = next.length - 1; i >= 0; i--) {
    const sum = (next[i] ?? 0) + 1;
    next[i] = sum & 0xff;
    if (sum <= 0xff) return next;
  }
  return undefined;
}

function predecessor(bytes: Buffer): Buffer {
  const next = Buffer.from(bytes);
  for (let i = next.length - 1; i >= 0; i--) {
    const value = next[i] ?? 0;
    next[i] = (value - 1) & 0xff;
    if (value > 0) break;
  }
  return next;
}

/** Decodes NFT_MSG_NEWSETELEM. Throws DomainError `invalid`. */
export function readElements(message: Message): readonly Raw[] {
  const from = message.start + genericHeaderBytes;
  return listTable.read(message.source, from, message.end).elements ?? [];
}

type KnownSet = (SetDefinition | NftSet) & { readonly key: readonly DataTypeName[] };

function fromRaw(set: KnownSet, raw: Raw): Element {
  const first = decodeFields(set.key, valueOf(raw.key));
  if (raw.keyEnd === undefined) return { key: first, ...restOf(set, raw) };
  const last = decodeFields(set.key, valueOf(raw.keyEnd));
  const key = first.map((from, i) => (from === last[i] ? from : { from, to: last[i] ?? from }));
  return { key, ...restOf(set, raw) };
}

/** Starts and ends of intervals, in the order of their values, made pairs. */
function joined(set: KnownSet, raw: readonly Raw[]): Element[] {
  const ordered = raw.toSorted((a, b) => Buffer.compare(valueOf(a.key), valueOf(b.key)));
  const elements: Element[] = [];
  for (const [i, one] of ordered.entries()) {
    if ((one.flags ?? 0) & intervalEnd) continue;
    const next = ordered[i + 1];
    const first = valueOf(one.key);
    const last =
      next === undefined ? Buffer.alloc(first.length, 255) : predecessor(valueOf(next.key));
    const [from = ''] = decodeFields(set.key, first);
    const [to = ''] = decodeFields(set.key, last);
    elements.push({ key: [from === to ? from : { from, to }], ...restOf(set, one) });
  }
  return elements;
}

function restOf(set: KnownSet, raw: Raw): Omit<Element, 'key'> {
  const comment = decodeComment(commentType.element, raw.userData);
  const led = leadsTo(set, raw);
  return {
    ...(led !== undefined && { data: led }),
    ...(raw.timeoutMs !== undefined && { timeoutMs: Number(raw.timeoutMs) }),
    ...(comment !== undefined && { comment }),
  };
}

function leadsTo(set: KnownSet, raw: Raw): Element['data'] {
  if (raw.object !== undefined) return raw.object;
  if (raw.data === undefined) return undefined;
  if ('verdict' in raw.data) return raw.data;
  if (!Array.isArray(set.data)) return undefined;
  return decodeFields(set.data, valueOf(raw.data));
}

function valueOf(value: Data | undefined): Buffer {
  if (value === undefined || !('value' in value)) {
    throw new DomainError('invalid', 'An element of nftables without a value');
  }
  return Buffer.from(value.value);
}

function nameOf({ family, table, set }: Pick<SetDefinition, 'family' | 'table' | 'set'>): string {
  return `set ${family} ${table} ${set}`;
}

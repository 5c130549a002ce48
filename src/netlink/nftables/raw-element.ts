import { DomainError } from '../../base/error.ts';
import { AttributeTable } from '../attribute.ts';
import { be32, be64, binary, nested, text } from '../codec.ts';
import { data, type Data, type Verdict } from './data.ts';
import type { MessageWriter } from '../writer.ts';
import {
  boundsOf,
  decodeFields,
  encodeFields,
  encodeFieldsInto,
  paddedBytes,
  typeOf,
} from './data-type.ts';
import type { DataTypeName, FieldRange, FieldValue } from './data-type.ts';
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
const listItem = 1;
const keyAttribute = 1;
const dataAttribute = 2;
/** NFTA_DATA_VALUE. */
const valueAttribute = 1;

export const elementCodec = nested(elementTable);

/** An element as the kernel has it; an interval of one field is two of them. */
export type RawElement = ReturnType<typeof elementTable.read>;

export function toRaw(set: SetDefinition, element: Element): RawElement[] {
  const { timeoutMs } = element;
  const common: RawElement = {
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
  const start: RawElement = { key: { value: first }, ...common };
  // The last value of all has none after it: such an interval stays open.
  return after === undefined ? [start] : [start, { key: { value: after }, flags: intervalEnd }];
}

/** Writes an element; of sets without intervals its values go straight to their places. */
export function writeElement(writer: MessageWriter, set: SetDefinition, element: Element): void {
  if (!isPlain(set, element)) {
    for (const raw of toRaw(set, element)) elementCodec.write(writer, listItem, raw);
    return;
  }
  const nest = writer.beginNest(listItem);
  writeValues(writer, keyAttribute, set.key, element.key as readonly FieldValue[]);
  if (element.data !== undefined) {
    const types = set.data as readonly DataTypeName[];
    writeValues(writer, dataAttribute, types, element.data as readonly FieldValue[]);
  }
  writer.endNest(nest);
}

function isPlain(set: SetDefinition, { key, data: led, timeoutMs, comment }: Element): boolean {
  if (set.interval === true || timeoutMs !== undefined || comment !== undefined) return false;
  if (key.some((field) => typeof field === 'object')) return false;
  return led === undefined || (Array.isArray(led) && Array.isArray(set.data));
}

function writeValues(
  writer: MessageWriter,
  attribute: number,
  ...[names, values]: [readonly DataTypeName[], readonly FieldValue[]]
): void {
  const nest = writer.beginNest(attribute);
  const offset = writer.attribute(valueAttribute, paddedBytes(names));
  encodeFieldsInto(writer.bytes, offset, { names, values });
  writer.endNest(nest);
}

function dataOf(set: SetDefinition, value: NonNullable<Element['data']>): Data | undefined {
  if (typeof value === 'string') return undefined;
  if ('verdict' in value) return value;
  if (set.data === undefined || typeof set.data === 'string' || 'object' in set.data) {
    throw new DomainError('invalid', `${describe(set)} is not a map to values`);
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

export type KnownSet = (SetDefinition | NftSet) & { readonly key: readonly DataTypeName[] };

export function fromRaw(set: KnownSet, raw: RawElement): Element {
  const first = decodeFields(set.key, valueOf(raw.key));
  if (raw.keyEnd === undefined) return { key: first, ...restOf(set, raw) };
  const last = decodeFields(set.key, valueOf(raw.keyEnd));
  const key = first.map((from, i) => (from === last[i] ? from : { from, to: last[i] ?? from }));
  return { key, ...restOf(set, raw) };
}

/** Starts and ends of intervals, in the order of their values, made pairs. */
export function joined(set: KnownSet, raw: readonly RawElement[]): Element[] {
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

function restOf(set: KnownSet, raw: RawElement): Omit<Element, 'key'> {
  const comment = decodeComment(commentType.element, raw.userData);
  const led = leadsTo(set, raw);
  return {
    ...(led !== undefined && { data: led }),
    ...(raw.timeoutMs !== undefined && { timeoutMs: Number(raw.timeoutMs) }),
    ...(comment !== undefined && { comment }),
  };
}

function leadsTo(set: KnownSet, raw: RawElement): Element['data'] {
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

/** For messages. */
export function describe(at: Pick<SetDefinition, 'family' | 'table' | 'set'>): string {
  return `set ${at.family} ${at.table} ${at.set}`;
}

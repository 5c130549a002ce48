import { DomainError } from '../base/error.ts';
import { aligned, hostIsLittle, type Source } from './message.ts';
import type { MessageWriter } from './writer.ts';

/** How one attribute's payload is written and read. */
export interface Codec<Value> {
  write(writer: MessageWriter, type: number, value: Value): void;
  /** Reads the payload between two offsets; throws DomainError `invalid` when it does not fit. */
  read(source: Source, start: number, end: number): Value;
}

/** Attribute names of one subject with the kernel's number and the codec of each. */
export type Definition = Readonly<Record<string, readonly [type: number, codec: Codec<unknown>]>>;

/** The values that a definition describes, all optional as in netlink itself. */
export type Values<D extends Definition> = {
  -readonly [Name in keyof D]?: D[Name] extends readonly [number, Codec<infer Value>]
    ? Value | undefined
    : never;
};

/** Types carry NLA_F_NESTED and NLA_F_NET_BYTEORDER in their upper bits. */
const typeMask = 0x3fff;

/** Encodes and decodes the attributes of one subject by its table. */
export class AttributeTable<D extends Definition> {
  readonly #definition: Definition;
  readonly #byType: { name: string; codec: Codec<unknown> }[] = [];

  constructor(definition: D) {
    this.#definition = definition;
    for (const [name, [type, codec]] of Object.entries(definition)) {
      this.#byType[type] = { name, codec };
    }
  }

  /** Writes the given values in their own order; undefined ones are left out. */
  write(writer: MessageWriter, values: Values<D>): void {
    for (const name in values) {
      const value = values[name];
      const entry = this.#definition[name];
      if (value !== undefined && entry !== undefined) entry[1].write(writer, entry[0], value);
    }
  }

  /** Reads the known attributes of a range; unknown ones are passed over. */
  read(source: Source, start: number, end: number): Values<D> {
    const values: Record<string, unknown> = {};
    const { view } = source;
    let offset = start;
    while (offset + 4 <= end) {
      const length = view.getUint16(offset, hostIsLittle);
      const type = view.getUint16(offset + 2, hostIsLittle) & typeMask;
      if (length < 4 || offset + length > end) throw misfit(type, length);
      const entry = this.#byType[type];
      if (entry !== undefined) {
        values[entry.name] = entry.codec.read(source, offset + 4, offset + length);
      }
      offset += aligned(length);
    }
    return values as Values<D>;
  }
}

/** Visits every attribute of a range: for lists, and where one attribute's table is in another. */
export function eachAttribute(
  source: Source,
  range: { readonly start: number; readonly end: number },
  visit: (type: number, start: number, end: number) => void,
): void {
  let offset = range.start;
  while (offset + 4 <= range.end) {
    const length = source.view.getUint16(offset, hostIsLittle);
    const type = source.view.getUint16(offset + 2, hostIsLittle) & typeMask;
    if (length < 4 || offset + length > range.end) throw misfit(type, length);
    visit(type, offset + 4, offset + length);
    offset += aligned(length);
  }
}

function misfit(type: number, length: number): DomainError {
  return new DomainError('invalid', `Netlink attribute ${type} claims ${length} bytes`);
}

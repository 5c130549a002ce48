import { DomainError } from '../base/error.ts';
import {
  eachAttribute,
  type AttributeTable,
  type Codec,
  type Definition,
  type Values,
} from './attribute.ts';
import { formatIp, formatMac, parseIp, parseMac } from './ip.ts';
import { hostIsLittle, type Source } from './message.ts';

type Width = 'Uint16' | 'Uint32' | 'Int32';

function integer(width: Width, bytes: number, little: boolean): Codec<number> {
  return {
    write(writer, type, value) {
      const offset = writer.attribute(type, bytes);
      writer.view[`set${width}`](offset, value, little);
    },
    read(source, start, end) {
      requireBytes(start, end, bytes);
      return source.view[`get${width}`](start, little);
    },
  };
}

export const u8: Codec<number> = {
  write(writer, type, value) {
    const offset = writer.attribute(type, 1);
    writer.view.setUint8(offset, value);
  },
  read(source, start, end) {
    requireBytes(start, end, 1);
    return source.view.getUint8(start);
  },
};
export const u16 = integer('Uint16', 2, hostIsLittle);
export const u32 = integer('Uint32', 4, hostIsLittle);
export const s32 = integer('Int32', 4, hostIsLittle);
/** Network byte order, as nfnetlink and a few rtnetlink attributes (vxlan ports) have it. */
export const be16 = integer('Uint16', 2, false);
export const be32 = integer('Uint32', 4, false);

function wide(little: boolean): Codec<bigint> {
  return {
    write(writer, type, value) {
      const offset = writer.attribute(type, 8);
      writer.view.setBigUint64(offset, value, little);
    },
    read(source, start, end) {
      requireBytes(start, end, 8);
      return source.view.getBigUint64(start, little);
    },
  };
}

export const u64 = wide(hostIsLittle);
export const be64 = wide(false);

/** A NUL-terminated string. Names in the kernel are bytes; ours are UTF-8. */
export const text: Codec<string> = {
  write(writer, type, value) {
    if (value.includes('\0')) throw new DomainError('invalid', `A NUL in ${JSON.stringify(value)}`);
    const size = Buffer.byteLength(value);
    const offset = writer.attribute(type, size + 1);
    writer.bytes.write(value, offset, size, 'utf8');
  },
  read(source, start, end) {
    // Names are short and mostly ASCII; a call into the runtime costs more than these steps.
    let result = '';
    for (let i = start; i < end; i++) {
      const byte = source.bytes[i] ?? 0;
      if (byte === 0) return result;
      if (byte > 127 || i - start > 32) return longText(source, start, end);
      result += String.fromCharCode(byte);
    }
    return result;
  },
};

function longText(source: Source, start: number, end: number): string {
  const stop = source.bytes.indexOf(0, start);
  return source.bytes.toString('utf8', start, stop < 0 || stop > end ? end : stop);
}

/** Bytes as they are. Read ones are a copy, since the buffer they came in is used again. */
export const binary: Codec<Uint8Array> = {
  write(writer, type, value) {
    const offset = writer.attribute(type, value.length);
    writer.bytes.set(value, offset);
  },
  read(source, start, end) {
    return Buffer.from(source.bytes.subarray(start, end));
  },
};

/** Present or not; there is no payload. */
export const presence: Codec<true> = {
  write(writer, type) {
    writer.attribute(type, 0);
  },
  read: () => true,
};

/** An IPv4 or IPv6 address by its length. */
export const ip: Codec<string> = {
  write(writer, type, value) {
    binary.write(writer, type, parseIp(value));
  },
  read(source, start, end) {
    return formatIp(source.bytes.subarray(start, end));
  },
};

/** A hardware address; any length is read (InfiniBand has 20 bytes), 6 bytes are written. */
export const mac: Codec<string> = {
  write(writer, type, value) {
    binary.write(writer, type, parseMac(value));
  },
  read(source, start, end) {
    return formatMac(source.bytes, start, end);
  },
};

export function nested<D extends Definition>(table: AttributeTable<D>): Codec<Values<D>> {
  return {
    write(writer, type, values) {
      const nest = writer.beginNest(type);
      table.write(writer, values);
      writer.endNest(nest);
    },
    read: (source, start, end) => table.read(source, start, end),
  };
}

/** As nested, without NLA_F_NESTED: for the families older than the flag. */
export function plainNested<D extends Definition>(table: AttributeTable<D>): Codec<Values<D>> {
  return {
    write(writer, type, values) {
      const nest = writer.beginPlainNest(type);
      table.write(writer, values);
      writer.endNest(nest);
    },
    read: (source, start, end) => table.read(source, start, end),
  };
}

/** A nest whose attributes all have one type and one codec: NFTA_LIST_ELEM, IFLA_ALT_IFNAME. */
export function list<Value>(elementType: number, codec: Codec<Value>): Codec<readonly Value[]> {
  return {
    write(writer, type, values) {
      const nest = writer.beginNest(type);
      for (const value of values) codec.write(writer, elementType, value);
      writer.endNest(nest);
    },
    read(source, start, end) {
      const values: Value[] = [];
      eachAttribute(source, { start, end }, (type, from, to) => {
        if (type === elementType) values.push(codec.read(source, from, to));
      });
      return values;
    },
  };
}

/** Throws DomainError `invalid` unless a payload has at least that many bytes. */
export function requireBytes(start: number, end: number, bytes: number): void {
  if (end - start >= bytes) return;
  throw new DomainError('invalid', `A netlink attribute has ${end - start} of ${bytes} bytes`);
}

/** Numbers with names; one that this table does not know is read as the number. */
export function named<Name extends string>(
  codec: Codec<number>,
  names: Readonly<Record<Name, number>>,
): Codec<Name | number> {
  const nameOf = new Map<number, Name>();
  for (const name of Object.keys(names) as Name[]) nameOf.set(names[name], name);
  return {
    write(writer, type, value) {
      codec.write(writer, type, typeof value === 'number' ? value : names[value]);
    },
    read(source, start, end) {
      const value = codec.read(source, start, end);
      return nameOf.get(value) ?? value;
    },
  };
}

/** A C structure of 32-bit numbers in host order. A longer one of a newer kernel is read too. */
export function struct<Name extends string>(
  names: readonly Name[],
): Codec<Readonly<Record<Name, number>>> {
  return {
    write(writer, type, value) {
      const offset = writer.attribute(type, names.length * 4);
      for (const [i, name] of names.entries()) {
        writer.view.setUint32(offset + i * 4, value[name], hostIsLittle);
      }
    },
    read(source, start, end) {
      requireBytes(start, end, names.length * 4);
      const entries = names.map((name, i) => [
        name,
        source.view.getUint32(start + i * 4, hostIsLittle),
      ]);
      return Object.fromEntries(entries) as Record<Name, number>;
    },
  };
}

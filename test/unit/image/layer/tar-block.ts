/** Makes tar blocks by hand, so that tests can say what no honest writer would. */
export interface BlockFields {
  readonly name: string;
  readonly type?: string;
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly modified?: number;
  readonly linkName?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly magic?: string;
  readonly prefix?: string;
  /** Raw bytes put over the header at an offset, before the checksum is made. */
  readonly raw?: readonly (readonly [offset: number, bytes: Buffer])[];
}

export function block(fields: BlockFields): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number): void => {
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  };
  header.write(fields.name, 0, 100, 'latin1');
  octal(fields.mode ?? 0o644, 100, 8);
  octal(fields.uid ?? 0, 108, 8);
  octal(fields.gid ?? 0, 116, 8);
  octal(fields.size ?? 0, 124, 12);
  octal(fields.modified ?? 1_700_000_000, 136, 12);
  header.write(fields.type ?? '0', 156, 'latin1');
  header.write(fields.linkName ?? '', 157, 100, 'latin1');
  header.write(fields.magic ?? 'ustar\x0000', 257, 8, 'latin1');
  octal(fields.major ?? 0, 329, 8);
  octal(fields.minor ?? 0, 337, 8);
  header.write(fields.prefix ?? '', 345, 155, 'latin1');
  for (const [offset, bytes] of fields.raw ?? []) bytes.copy(header, offset);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** A header and its content, filled up to whole blocks. */
export function entry(fields: BlockFields, content: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([block({ size: bytes.length, ...fields }), padded(bytes)]);
}

/** A pax header for the entry that follows. */
export function pax(records: Readonly<Record<string, string | Buffer>>): Buffer {
  return rawPax(Object.entries(records));
}

export function rawPax(records: readonly (readonly [string, string | Buffer])[]): Buffer {
  return entry({ name: 'PaxHeaders/x', type: 'x' }, Buffer.concat(records.map(paxRecord)));
}

export function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export const endOfArchive = Buffer.alloc(1024);

/** A whole archive. */
export function archive(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, endOfArchive]);
}

function paxRecord([key, value]: readonly [string, string | Buffer]): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

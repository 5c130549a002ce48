import { encodeName } from '../../../../src/network/dns/name.ts';

interface Parts {
  readonly id?: number;
  readonly flags?: number;
  readonly name?: string;
  readonly type?: number;
  readonly class?: number;
  /** Of an OPT record at the end; the version in its upper bits. */
  readonly payloadBytes?: number;
  readonly extension?: number;
}

/** A query as clients send it. */
export function packet(parts: Parts = {}): Buffer {
  const { id = 7, flags = 0x0100, name = 'web.default.svc.cluster.local', type = 1 } = parts;
  const { payloadBytes, extension = 0 } = parts;
  const header = words(id, flags, 1, 0, 0, payloadBytes === undefined ? 0 : 1);
  const question = Buffer.concat([encodeName(name), words(type, parts.class ?? 1)]);
  if (payloadBytes === undefined) return Buffer.concat([header, question]);
  const option = Buffer.concat([
    Buffer.from([0]),
    words(41, payloadBytes, extension >>> 16, extension & 0xffff, 0),
  ]);
  return Buffer.concat([header, question, option]);
}

/** An answer to `packet({ name })` with these records, as another server sends it. */
export function reply(
  query: Buffer,
  records: readonly Buffer[],
  rest: { flags?: number; authority?: readonly Buffer[] } = {},
): Buffer {
  const { flags = 0x8180, authority = [] } = rest;
  const end = query.indexOf(0, 12) + 5;
  const header = words(query.readUInt16BE(0), flags, 1, records.length, authority.length, 0);
  return Buffer.concat([header, query.subarray(12, end), ...records, ...authority]);
}

/** A record of the name that was asked. */
export function record(type: number, ttl: number, data: Buffer): Buffer {
  return Buffer.concat([words(0xc00c, type, 1, ttl >>> 16, ttl & 0xffff, data.length), data]);
}

export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}

export type Encoding = 'binary' | 'base64';

/**
 * A channel's bytes as one message: after the channel's number as a byte, or, for clients that have
 * only text, after its digit as base64.
 */
export function encodeMessage(encoding: Encoding, channel: number, bytes: Buffer): Buffer | string {
  if (encoding === 'base64') return `${channel}${bytes.toString('base64')}`;
  return Buffer.concat([Buffer.from([channel]), bytes]);
}

/** Undefined for a message that names no channel. */
export function decodeMessage(
  encoding: Encoding,
  data: Buffer,
): { channel: number; bytes: Buffer } | undefined {
  const [first] = data;
  if (first === undefined) return undefined;
  const rest = data.subarray(1);
  if (encoding === 'binary') return { channel: first, bytes: rest };
  const channel = first - 0x30;
  if (channel < 0 || channel > 9) return undefined;
  return { channel, bytes: Buffer.from(rest.toString('latin1'), 'base64') };
}

/** One line of a CRI log: `TIME stdout|stderr P|F[:TAG] TEXT`. */
export interface LogLine {
  readonly time: string;
  readonly atNs: bigint;
  readonly error: boolean;
  /** False where the program's line goes on in the next one. */
  readonly whole: boolean;
  readonly text: Buffer;
}

const space = 0x20;

/**
 * Undefined for what is not such a line, for example the rest of a write cut off by a full disk.
 */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const afterTime = line.indexOf(space);
  const afterStream = line.indexOf(space, afterTime + 1);
  const afterTag = line.indexOf(space, afterStream + 1);
  if (afterTime < 0 || afterStream < 0 || afterTag < 0) return undefined;
  const time = line.toString('latin1', 0, afterTime);
  const stream = line.toString('latin1', afterTime + 1, afterStream);
  const tag = line.toString('latin1', afterStream + 1, afterTag).split(':', 1)[0];
  const atNs = parseTime(time);
  if (atNs === undefined || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  if (tag !== 'P' && tag !== 'F') return undefined;
  return {
    time,
    atNs,
    error: stream === 'stderr',
    whole: tag === 'F',
    text: line.subarray(afterTag + 1),
  };
}

/** RFC 3339 with up to nine digits of a second; Date keeps only three. */
export function parseTime(text: string): bigint | undefined {
  const [, whole, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (whole === undefined || zone === undefined) return undefined;
  const milliseconds = Date.parse(`${whole}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

import type { LogLine } from '../../base/container-log/log-line.ts';
import type { LogQuery } from './log-query.ts';

const newline = Buffer.from('\n');

/** Puts lines of a log together as they are asked for; the parts of a long line are one again. */
export class LogText {
  readonly #query: LogQuery;
  #left: number;
  /** Of each stream, whether what comes next begins a line. */
  readonly #begins = { out: true, error: true };

  constructor(query: LogQuery) {
    this.#query = query;
    this.#left = query.limitBytes ?? Infinity;
  }

  /** As much has been written as was asked for. */
  get isFull(): boolean {
    return this.#left <= 0;
  }

  of(lines: readonly LogLine[]): Buffer {
    const parts = lines.flatMap((line) => (this.#isAskedFor(line) ? this.#partsOf(line) : []));
    const bytes = Buffer.concat(parts);
    const cut = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= cut.length;
    return cut;
  }

  #isAskedFor({ error }: LogLine): boolean {
    const { stream } = this.#query;
    return stream === 'All' || (stream === 'Stderr') === error;
  }

  #partsOf({ time, text, whole, error }: LogLine): Buffer[] {
    const stream = error ? 'error' : 'out';
    const begins = this.#begins[stream];
    this.#begins[stream] = whole;
    return [
      ...(begins && this.#query.timestamps ? [Buffer.from(`${padded(time)} `, 'latin1')] : []),
      text,
      ...(whole ? [newline] : []),
    ];
  }
}

/** Always nine digits of a second, so that lines stand in columns. */
function padded(time: string): string {
  const [, whole = '', fraction = '', zone = ''] =
    /^([^.Z+]*?)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  return `${whole}.${fraction.padEnd(9, '0')}${zone}`;
}

import type { Readable } from 'node:stream';

/** A terminal's size in characters. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** No size takes more; what is longer is none. */
const pendingCharacters = 1024;

/** The sizes that a client sends, as JSON after JSON; ends with the stream. Others are left out. */
export async function* windowSizes(stream: Readable): AsyncGenerator<WindowSize> {
  let pending = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    pending += chunk.toString('latin1');
    for (let end = pending.indexOf('}'); end >= 0; end = pending.indexOf('}')) {
      const size = parseSize(pending.slice(0, end + 1));
      pending = pending.slice(end + 1);
      if (size !== undefined) yield size;
    }
    if (pending.length > pendingCharacters) pending = '';
  }
}

export function sizeText({ columns, rows }: WindowSize): string {
  return `${JSON.stringify({ Width: columns, Height: rows })}\n`;
}

function parseSize(text: string): WindowSize | undefined {
  let value: { readonly Width?: unknown; readonly Height?: unknown } | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  const [columns, rows] = [value?.Width, value?.Height];
  return isCount(columns) && isCount(rows) ? { columns, rows } : undefined;
}

/** A terminal of no size is what a client has that is on none. */
function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

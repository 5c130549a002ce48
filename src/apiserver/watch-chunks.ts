import type { Kind } from '../api/kind.ts';
import type { Entry } from '../store/store.ts';
import { textAs } from './object-text.ts';
import type { Told } from './watch-event.ts';

interface Chunk {
  readonly kind: Kind;
  readonly count: number;
  readonly first: Entry;
  readonly last: Entry;
  readonly bytes: Buffer;
}

/** Watches that were told of a change in one moment tell their clients within one or two more. */
const mostChunks = 32;
const mostBytes = 1024 * 1024;

/**
 * What watches tell, as one chunk of HTTP/1.1. A thousand watches of one resource have the same to
 * tell in the same moment: the text is made once, and all of them write the same bytes.
 */
export class WatchChunks {
  readonly #chunks: Chunk[] = [];

  /**
   * Of watches that tell all of a resource, in its JSON form. Changes come to each of them in order
   * and without gap, so that a first, a last and a number of changes are the same changes.
   */
  shared(kind: Kind, events: readonly Told[]): Buffer {
    const [first, last] = [events[0]?.entry, events.at(-1)?.entry];
    if (first === undefined || last === undefined) return Buffer.alloc(0);
    const count = events.length;
    const known = this.#chunks.find(
      (one) => one.last === last && one.first === first && one.count === count && one.kind === kind,
    );
    if (known !== undefined) return known.bytes;
    const bytes = chunkOf(events.map(({ type, entry }) => lineOf(type, textAs(kind, entry))));
    if (bytes.length <= mostBytes) {
      this.#chunks.unshift({ kind, count, first, last, bytes });
      if (this.#chunks.length > mostChunks) this.#chunks.pop();
    }
    return bytes;
  }
}

export function lineOf(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}

/** The lines with their length before them, as the transfer coding wants it. */
export function chunkOf(lines: readonly string[]): Buffer {
  const body = lines.join('');
  const length = Buffer.byteLength(body);
  return Buffer.from(`${length.toString(16)}\r\n${body}\r\n`);
}

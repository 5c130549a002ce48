import type { TarEntry } from '../../../../src/image/layer/tar-entry.ts';
import { TarReader } from '../../../../src/image/layer/tar-reader.ts';

export interface Collected {
  readonly entry: TarEntry;
  readonly offset: number;
  /** The content as it lies in the file, holes as zeros. */
  readonly content: Buffer;
}

/** Reads an archive that arrives in parts of `partBytes`. */
export function collect(archive: Buffer, partBytes = archive.length): Collected[] {
  const found: Collected[] = [];
  let current: Collected | undefined;
  const reader = new TarReader({
    entry(entry, offset) {
      current = { entry, offset, content: Buffer.alloc(entry.size) };
    },
    data(bytes, position) {
      if (current === undefined) throw new Error('data before its entry');
      bytes.copy(current.content, position);
    },
    end() {
      if (current === undefined) throw new Error('end before its entry');
      found.push(current);
      current = undefined;
    },
  });
  for (let at = 0; at < archive.length; at += partBytes) {
    reader.write(archive.subarray(at, at + partBytes));
  }
  reader.finish();
  return found;
}

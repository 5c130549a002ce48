/** What an entry of a tar archive is. Contiguous files (type 7) are plain files. */
export type TarEntryType =
  'file' | 'hardLink' | 'symbolicLink' | 'character' | 'block' | 'folder' | 'fifo';

export interface TarTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A part of a sparse file that the archive holds; what lies between parts is a hole. */
export interface TarExtent {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * One entry of a tar archive, its pax and GNU headers applied. Linux names are bytes, not text:
 * `name` and `linkName` hold one character (0 to 255) per byte, see {@link toNameBytes}.
 */
export interface TarEntry {
  readonly name: string;
  readonly type: TarEntryType;
  /** Target of a link, as written; empty for other types. */
  readonly linkName: string;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modified: TarTime;
  /** Bytes of a file, holes included; 0 for other types. */
  readonly size: number;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Of a sparse file, in ascending order. */
  readonly extents?: readonly TarExtent[];
}

/** A name as the kernel wants it: text where it is ASCII, else its exact bytes. */
export function toNameBytes(name: string): string | Buffer {
  return isAscii(name) ? name : Buffer.from(name, 'latin1');
}

/** A name as people and JSON want it. */
export function toNameText(name: string): string {
  return isAscii(name) ? name : Buffer.from(name, 'latin1').toString('utf8');
}

/** The opposite of {@link toNameText}, for names that are text. */
export function fromNameText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function isAscii(name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (name.charCodeAt(index) > 127) return false;
  }
  return true;
}

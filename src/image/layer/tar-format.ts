import type { TarEntry, TarEntryType, TarTime } from './tar-entry.ts';
import { blockBytes } from './tar-header.ts';

/** What an entry needs at least; the rest is root's, mode 0644 (folders 0755), time 0. */
export type NewTarEntry = Pick<TarEntry, 'name'> & Partial<TarEntry>;

/** What ends an archive. */
export const tarEnd = Buffer.alloc(2 * blockBytes);

/**
 * The header of an entry, preceded by a pax header where ustar's fields are too small. Content of
 * `size` bytes and {@link tarPadding} follow. The same entry always gives the same bytes.
 */
export function formatTarHeader(given: NewTarEntry): Buffer {
  const entry = withDefaults(given);
  const records = paxRecords(entry);
  const header = formatBlock(entry, typeFlags[entry.type]);
  if (records.length === 0) return header;
  const content = Buffer.concat(records.map(([key, value]) => formatRecord(key, value)));
  const base = entry.name.replace(/\/$/, '').split('/').at(-1) ?? '';
  const extension = { ...withDefaults({ name: `PaxHeaders/${base}` }), size: content.length };
  const parts = [formatBlock(extension, 'x'), content, tarPadding(content.length), header];
  return Buffer.concat(parts);
}

/** Zeros that fill content up to whole blocks. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

const typeFlags: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardLink: '1',
  symbolicLink: '2',
  character: '3',
  block: '4',
  folder: '5',
  fifo: '6',
};

function withDefaults(given: NewTarEntry): TarEntry {
  return {
    type: 'file',
    linkName: '',
    mode: given.type === 'folder' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    modified: { seconds: 0, nanoseconds: 0 },
    size: 0,
    major: 0,
    minor: 0,
    xattrs: new Map(),
    ...given,
  };
}

const octal7 = 0o7777777;
const octal11 = 0o77777777777;

function paxRecords(entry: TarEntry): [key: string, value: Buffer][] {
  const records: [string, Buffer][] = [];
  const add = (key: string, value: string): void => {
    records.push([key, Buffer.from(value, 'latin1')]);
  };
  if (!fits(entry.name)) add('path', entry.name);
  if (!fits(entry.linkName)) add('linkpath', entry.linkName);
  if (entry.size > octal11) add('size', String(entry.size));
  if (entry.uid > octal7) add('uid', String(entry.uid));
  if (entry.gid > octal7) add('gid', String(entry.gid));
  if (!isPlainTime(entry.modified)) add('mtime', formatTime(entry.modified));
  for (const name of [...entry.xattrs.keys()].toSorted()) {
    records.push([`SCHILY.xattr.${name}`, Buffer.from(entry.xattrs.get(name) ?? [])]);
  }
  return records;
}

/** Names beyond ASCII go into pax records too, where readers expect them to be UTF-8. */
function fits(name: string): boolean {
  return name.length <= 100 && /^[\x20-\x7e]*$/.test(name);
}

function isPlainTime({ seconds, nanoseconds }: TarTime): boolean {
  return nanoseconds === 0 && seconds >= 0 && seconds <= octal11;
}

/** Seconds count downwards before 1970, nanoseconds always upwards: -2 s and 0.75 s is -1.25. */
function formatTime({ seconds, nanoseconds }: TarTime): string {
  const negative = seconds < 0;
  const whole = negative && nanoseconds > 0 ? -seconds - 1 : Math.abs(seconds);
  const part = negative && nanoseconds > 0 ? 1_000_000_000 - nanoseconds : nanoseconds;
  const fraction = part === 0 ? '' : `.${String(part).padStart(9, '0').replace(/0+$/, '')}`;
  return `${negative ? '-' : ''}${whole}${fraction}`;
}

/** The length at the front counts its own digits. */
function formatRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.byteLength(key) + value.length + 3;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')]);
}

function formatBlock(entry: TarEntry, type: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, offset: number, digits: number): void => {
    const bounded = Math.min(Math.max(value, 0), 8 ** digits - 1);
    block.write(`${bounded.toString(8).padStart(digits, '0')}\0`, offset, 'latin1');
  };
  block.write(entry.name.slice(0, 100), 0, 'latin1');
  octal(entry.mode & 0o7777, 100, 7);
  octal(entry.uid, 108, 7);
  octal(entry.gid, 116, 7);
  octal(entry.type === 'file' ? entry.size : 0, 124, 11);
  octal(entry.modified.seconds, 136, 11);
  block.write(`        ${type}`, 148, 'latin1');
  block.write(entry.linkName.slice(0, 100), 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(entry.major, 329, 7);
  octal(entry.minor, 337, 7);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0`, 148, 'latin1');
  return block;
}

import { TarReader } from '../../../src/image/layer/tar-reader.ts';
import { archive, entry, pax, rawPax } from '../../unit/image/layer/tar-block.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Layers and other archives: headers, pax records, sparse maps. */
export const target: FuzzTarget = {
  run(input) {
    const whole = read([input]);
    const half = input.length >> 1;
    const parts = read([input.subarray(0, half), input.subarray(half)]);
    hold(whole === parts, 'the parts that it comes in make no difference');
  },
  seeds: [
    archive(entry({ name: 'file' }, 'content'), entry({ name: 'folder/', type: '5' })),
    archive(
      entry({ name: 'a', type: '2', linkName: 'b' }),
      entry({ name: 'c', type: '1', linkName: 'a' }),
      entry({ name: 'null', type: '3', major: 1, minor: 3 }),
    ),
    archive(
      pax({ path: 'länger', size: '3', mtime: '1.5', 'SCHILY.xattr.user.x': 'y' }),
      entry({ name: 'short' }, 'abc'),
    ),
    archive(
      entry({ name: '././@LongLink', type: 'L' }, `${'n'.repeat(200)}\0`),
      entry({ name: '././@LongLink', type: 'K' }, `${'l'.repeat(200)}\0`),
      entry({ name: 'n', type: '2' }),
    ),
    archive(
      rawPax([
        ['GNU.sparse.map', '0,4,10,4'],
        ['GNU.sparse.size', '20'],
      ]),
      entry({ name: 'sparse' }, 'x'.repeat(8)),
    ),
    archive(
      pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '20' }),
      entry(
        { name: 'sparse1' },
        Buffer.concat([Buffer.from('1\n4\n4\n'), Buffer.alloc(506), Buffer.from('data')]),
      ),
    ),
  ],
  words: ['ustar', 'GNU.sparse.', 'SCHILY.xattr.', '30 mtime=1.5\n', '.wh.', '../', '\u{80}\0\0'],
  repair,
};

/** What the archive said, in few bytes; content has to lie inside its file. */
function read(parts: readonly Buffer[]): string {
  let [size, bytes, open] = [0, 0, false];
  const said: string[] = [];
  const reader = new TarReader({
    entry(entry) {
      hold(!open, 'an entry ends before the next one begins');
      hold(Number.isSafeInteger(entry.size) && entry.size >= 0, 'a size is a size');
      for (const id of [entry.uid, entry.gid]) hold(Number.isSafeInteger(id), 'an id is a number');
      [size, open] = [entry.size, true];
      said.push(`${entry.type} ${entry.name} ${entry.size}`);
    },
    data(part, position) {
      hold(position >= 0 && position + part.length <= size, 'content lies inside its file');
      bytes += part.length;
    },
    end() {
      open = false;
    },
  });
  for (const part of parts) reader.write(part);
  reader.finish();
  return `${said.join('\n')} ${bytes}`;
}

/** Without this, damaged headers would all end at the checksum. */
function repair(bytes: Buffer): void {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const header = bytes.subarray(at, at + 512);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.write('        ', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}

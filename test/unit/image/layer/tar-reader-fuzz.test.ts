import t from 'tap';
import { isDomainError } from '../../../../src/base/error.ts';
import { TarReader } from '../../../../src/image/layer/tar-reader.ts';
import { archive, entry, rawPax } from './tar-block.ts';

t.test('a bit flipped anywhere never gives more than an error', (t) => {
  const seed = Number(process.env['KEELSON_SEED'] ?? Date.now() % 1_000_000);
  t.comment(`KEELSON_SEED=${seed}`);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const sound = archive(
    rawPax([
      ['GNU.sparse.map', '0,4,10,4'],
      ['GNU.sparse.size', '20'],
      ['path', 'q'],
    ]),
    entry({ name: 'f' }, 'x'.repeat(8)),
    entry({ name: 'L', type: 'L' }, 'long\0'),
    entry({ name: 'd', type: '5' }),
  );
  for (let round = 0; round < 3000; round += 1) {
    const bytes = Buffer.from(sound);
    for (let flips = 0; flips <= random(4); flips += 1) {
      const at = random(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    }
    if (random(2) === 0) fixChecksums(bytes);
    try {
      readBounded(bytes);
    } catch (error) {
      if (!isDomainError(error)) throw error;
    }
  }
  t.pass('only DomainErrors came out');
  t.end();
});

/** Sizes may be absurd here, so nothing is kept; content must lie inside its file all the same. */
function readBounded(bytes: Buffer): void {
  let size = 0;
  const reader = new TarReader({
    entry: (entry) => (size = entry.size),
    data(part, position) {
      if (position + part.length > size) throw new Error('content beyond its file');
    },
    end: () => undefined,
  });
  reader.write(bytes);
  reader.finish();
}

/** Without this, flips in headers would all end at the checksum. */
function fixChecksums(bytes: Buffer): void {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const header = bytes.subarray(at, at + 512);
    if (header.toString('latin1', 257, 262) !== 'ustar') continue;
    header.write('        ', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}

import t from 'tap';
import { decodeRecord, encodeRecords } from '../../../src/kernel/record.ts';

const invalid = { name: 'DomainError', kind: 'invalid' };

t.test('a record comes back field by field, bytes and empty fields too', async (t) => {
  const bytes = Uint8Array.of(0, 255, 0);
  const fields = decodeRecord(encodeRecords([['word', 7, -1, true, '', bytes, 'ü']]));
  t.same(fields.map(String).slice(0, 5), ['word', '7', '-1', '1', '']);
  t.same([...(fields[5] ?? [])], [0, 255, 0]);
  t.equal(String(fields[6]), 'ü');
});

t.test('the layout is count, then length, bytes and NUL of each field', async (t) => {
  const expected = Buffer.from('0100000002000000686900', 'hex');
  t.same(encodeRecords([['hi']]), expected);
});

t.test('a string with a NUL byte is refused: it would arrive cut short', async (t) => {
  t.throws(() => encodeRecords([['a\0b']]), invalid);
});

t.test('lengths that overflow, or disagree with the message, are refused', async (t) => {
  for (const hex of [
    '',
    '0100',
    '01000000',
    '01000000ffffffff',
    '01000000ffffffff00',
    '0100000001000000610a', // no NUL behind the field
    '010000000100000061', // cut off
    '0200000001000000610000', // one field of two
    '01000000010000006100ff', // bytes behind the record
    'ffffffff0000000000',
  ]) {
    t.throws(() => decodeRecord(Buffer.from(hex, 'hex')), invalid, hex);
  }
});

t.test('random bytes never crash the reader', async (t) => {
  let seed = 12345;
  const next = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
  for (let round = 0; round < 2000; round++) {
    const buffer = Buffer.from(Array.from({ length: next() % 40 }, () => next() & 0xff));
    try {
      const fields = decodeRecord(buffer);
      t.ok(fields.reduce((sum, field) => sum + field.length + 5, 4) === buffer.length);
    } catch (error) {
      t.match(error, invalid);
    }
  }
});

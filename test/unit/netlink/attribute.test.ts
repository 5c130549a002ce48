import t from 'tap';
import { AttributeTable } from '../../../src/netlink/attribute.ts';
import * as codec from '../../../src/netlink/codec.ts';
import { readMessages, Source } from '../../../src/netlink/message.ts';
import { MessageWriter } from '../../../src/netlink/writer.ts';

const inner = new AttributeTable({ number: [1, codec.u32], port: [2, codec.be16] });
const table = new AttributeTable({
  small: [1, codec.u8],
  short: [2, codec.u16],
  number: [3, codec.u32],
  signed: [4, codec.s32],
  wide: [5, codec.u64],
  bigEndian: [6, codec.be32],
  wideBigEndian: [7, codec.be64],
  name: [8, codec.text],
  bytes: [9, codec.binary],
  present: [10, codec.presence],
  address: [11, codec.ip],
  hardware: [12, codec.mac],
  nest: [13, codec.nested(inner)],
  plain: [14, codec.plainNested(inner)],
  names: [15, codec.list(1, codec.text)],
  mode: [16, codec.named(codec.u8, { slow: 1, fast: 2 })],
  pair: [17, codec.struct(['first', 'second'])],
});

function written(write: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter(16);
  write(writer);
  return writer.take();
}

t.test('what a table writes it reads again', async (t) => {
  const values = {
    small: 255,
    short: 65_535,
    number: 4_294_967_295,
    signed: -2,
    wide: 2n ** 63n,
    bigEndian: 0x01020304,
    wideBigEndian: 0x0102030405060708n,
    name: 'größe',
    bytes: Buffer.from([1, 2, 3, 4, 5]),
    present: true as const,
    address: '2001:db8::1',
    hardware: '02:00:5e:10:00:01',
    nest: { number: 7, port: 4789 },
    plain: { port: 1 },
    names: ['a', '', 'bcd'],
    mode: 'fast' as const,
    pair: { first: 1, second: 2 },
  };
  const bytes = written((writer) => table.write(writer, values));
  t.same(table.read(new Source(bytes), 0, bytes.length), values);
});

t.test('bytes are those of linux/netlink.h on a little-endian machine', async (t) => {
  const bytes = written((writer) =>
    table.write(writer, { short: 0x1234, bigEndian: 0x01020304, name: 'eth0', nest: { port: 80 } }),
  );
  t.equal(
    bytes.toString('hex'),
    [
      '0600020034120000', // nla_len 6, type 2, value, padding
      '0800060001020304',
      '090008006574683000000000', // the NUL counts, the padding does not
      '0c000d800600020000500000', // NLA_F_NESTED; port in network order
    ].join(''),
  );
});

t.test('unknown attributes and flag bits in the type are passed over', async (t) => {
  const bytes = Buffer.from('05006300010000000600024034120000', 'hex');
  t.same(table.read(new Source(bytes), 0, bytes.length), { short: 0x1234 });
});

t.test('an unknown number of a named attribute stays a number', async (t) => {
  const bytes = Buffer.from('0500100009000000', 'hex');
  t.same(table.read(new Source(bytes), 0, bytes.length), { mode: 9 });
});

t.test('hostile lengths are refused, never followed', async (t) => {
  const hostile = {
    'length 0': '00000100',
    'length 3': '0300010000000000',
    'beyond the end': '0900010001000000',
    'a u32 of 2 bytes': '0600030001000000',
    'a u64 of 4 bytes': '0800050001000000',
    'a nest whose child overruns it': '08000d80ff000100',
    'an address of 5 bytes': '09000b000102030405000000',
    'a structure half there': '0800110001000000',
  };
  for (const [title, hex] of Object.entries(hostile)) {
    const bytes = Buffer.from(hex, 'hex');
    const read = () => table.read(new Source(bytes), 0, bytes.length);
    t.throws(read, { name: 'DomainError' }, title);
  }
});

t.test('values that do not fit are refused', async (t) => {
  t.throws(() => written((w) => table.write(w, { bytes: Buffer.alloc(65_532) })), /65536 bytes/);
  t.throws(() => written((w) => table.write(w, { name: 'a\0b' })), /A NUL in/);
  const names = Array.from({ length: 9000 }, () => 'name');
  t.throws(() => written((w) => table.write(w, { names })), /has 108004 bytes/);
  t.throws(() => written((w) => w.reserve(65 * 1024 * 1024)), /too long|allowed/);
});

t.test('messages are framed, and a wrong length ends the reading with an error', async (t) => {
  const bytes = written((writer) => {
    for (const sequence of [7, 8]) {
      writer.beginMessage(16, 5, sequence);
      table.write(writer, { small: sequence });
      writer.endMessage();
    }
  });
  const messages = readMessages(new Source(bytes), bytes.length);
  t.match(messages, [
    { type: 16, flags: 5, sequence: 7, start: 16, end: 24 },
    { type: 16, flags: 5, sequence: 8, start: 40, end: 48 },
  ]);
  for (const length of [0, 15, 25, 0xffffffff]) {
    const broken = Buffer.from(bytes);
    broken.writeUInt32LE(length, 24);
    t.throws(() => readMessages(new Source(broken), broken.length), /claims/, String(length));
  }
});

t.test('a writer used again begins with zeros and gives back what was large', async (t) => {
  const writer = new MessageWriter(16);
  table.write(writer, { bytes: Buffer.alloc(999, 0xff), name: 'x'.repeat(77) });
  writer.reset();
  writer.reserve(2000);
  t.ok(writer.take().every((byte) => byte === 0));
  for (let i = 0; i < 50; i++) table.write(writer, { bytes: Buffer.alloc(60_000, 0xff) });
  t.ok(writer.bytes.length > 2 ** 21);
  writer.reset();
  t.equal(writer.bytes.length, 2 ** 20);
  table.write(writer, { number: 7 });
  t.equal(writer.take().toString('hex'), '0800030007000000');
});

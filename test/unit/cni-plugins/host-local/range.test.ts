import t from 'tap';
import { parseRange, parseRangeSet } from '../../../../cni-plugins/host-local/range.ts';
import { addressOf, numberOf } from '../../../../cni-plugins/host-local/number.ts';

const ends = (range: ReturnType<typeof parseRange>) =>
  [range.first, range.last, range.gateway].map((value) => addressOf({ value, bits: range.bits }));

t.test('a range leaves out network and broadcast, and its gateway is the first', async (t) => {
  t.same(ends(parseRange({ subnet: '10.1.0.0/24' })), ['10.1.0.1', '10.1.0.254', '10.1.0.1']);
  t.same(ends(parseRange({ subnet: 'fd00::/120' })), ['fd00::1', 'fd00::ff', 'fd00::1']);
});

t.test('start, end and gateway are taken as given', async (t) => {
  const text = {
    subnet: '10.1.0.0/24',
    rangeStart: '10.1.0.9',
    rangeEnd: '10.1.0.20',
    gateway: '10.1.0.254',
  };
  t.same(ends(parseRange(text)), ['10.1.0.9', '10.1.0.20', '10.1.0.254']);
});

t.test('addresses survive as numbers', async (t) => {
  for (const text of ['0.0.0.0', '255.255.255.255', '::', 'fd00::1:0:5', 'ffff::']) {
    t.equal(addressOf(numberOf(text)), text);
  }
  t.equal(addressOf(numberOf('::ffff:10.0.0.1')), '10.0.0.1');
});

t.test('bad ranges are refused in the words of the reference', async (t) => {
  const bad: [object, RegExp][] = [
    [{ subnet: '10.1.0.0/31' }, /too small to allocate from/],
    [{ subnet: '10.1.0.5/24' }, /host bits set.*24 the network address is 10\.1\.0\.0/],
    [{ subnet: '10.1.0.0' }, /invalid subnet/],
    [{ subnet: '10.1.0.0/129' }, /invalid subnet/],
    [{ subnet: 'x/24' }, /invalid IP address/],
    [{ subnet: '10.1.0.0/24', rangeStart: '10.2.0.1' }, /RangeStart 10\.2\.0\.1 not in network/],
    [{ subnet: '10.1.0.0/24', rangeEnd: 'fd00::1' }, /RangeEnd fd00::1 not in network/],
    [{ subnet: '10.1.0.0/24', rangeStart: '10.1.0.9', rangeEnd: '10.1.0.8' }, /behind RangeEnd/],
  ];
  for (const [text, message] of bad)
    t.throws(() => parseRange({ subnet: '', ...text }), { message, code: 7 });
});

t.test('a set has one family and no address twice', async (t) => {
  t.throws(() => parseRangeSet([]), /empty range set/);
  t.throws(() => parseRangeSet([{ subnet: '10.0.0.0/24' }, { subnet: 'fd00::/64' }]), /mixed/);
  t.throws(() => parseRangeSet([{ subnet: '10.0.0.0/16' }, { subnet: '10.0.1.0/24' }]), /overlap/);
  t.equal(parseRangeSet([{ subnet: '10.0.0.0/24' }, { subnet: '10.0.1.0/24' }]).length, 2);
});

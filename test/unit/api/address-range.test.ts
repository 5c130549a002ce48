import t from 'tap';
import { AddressRange, parseRanges } from '../../../src/api/address-range.ts';

t.test('addresses of a range by their number', (t) => {
  const four = new AddressRange('10.96.3.7/12');
  t.equal(four.toString(), '10.96.0.0/12', 'bits beyond the prefix do not count');
  t.same([four.family, four.bits, four.size], ['IPv4', 12, 2n ** 20n]);
  t.same([four.at(0), four.at(10), four.at(65_536)], ['10.96.0.0', '10.96.0.10', '10.97.0.0']);
  const six = new AddressRange('fd96::ffff/108');
  t.same([six.family, six.at(1), six.at(0xfffff)], ['IPv6', 'fd96::1', 'fd96::f:ffff']);
  t.equal(new AddressRange('fd44::/48').at(3n << 64n), 'fd44:0:0:3::');
  t.end();
});

t.test('a range holds its own addresses alone', (t) => {
  const four = new AddressRange('10.96.0.0/16');
  for (const address of ['10.96.0.0', '10.96.255.255']) t.ok(four.holds(address), address);
  for (const address of ['10.95.255.255', '10.97.0.0', 'fd96::1', 'None', '', '10.96.0.999']) {
    t.notOk(four.holds(address), address);
  }
  t.ok(new AddressRange('fd96::/108').holds('fd96:0::a'), 'however it is written');
  t.end();
});

t.test('one range, or one of each family', (t) => {
  t.same(parseRanges('10.0.0.0/8').map(String), ['10.0.0.0/8']);
  t.same(parseRanges('fd00::/64,10.0.0.0/8').map(String), ['fd00::/64', '10.0.0.0/8']);
  const wrong = ['', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/8,10.1.0.0/16', 'a/8', 'fd00::/129'];
  for (const text of [...wrong, '10.0.0.0/8,fd00::/64,fd01::/64']) {
    t.throws(() => parseRanges(text), { name: 'DomainError' }, text);
  }
  t.end();
});

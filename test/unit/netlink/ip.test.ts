import { isIPv6 } from 'node:net';
import t from 'tap';
import { formatIp, formatMac, parseIp, parseMac, parsePrefix } from '../../../src/netlink/ip.ts';

t.test('addresses are read and written in their usual form', async (t) => {
  const forms = {
    '10.0.0.1': '10.0.0.1',
    '::': '::',
    '::1': '::1',
    'fe80::': 'fe80::',
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8::1:1:1:1:1:1': undefined,
    '1:0:3:0:5:0:7:0': '1:0:3:0:5:0:7:0',
    '1:2:3:4:5:6:7::': '1:2:3:4:5:6:7:0',
    '::ffff:192.0.2.1': '::ffff:192.0.2.1',
    '64:ff9b::192.0.2.33': '64:ff9b::c000:221',
  };
  for (const [written, canonical] of Object.entries(forms)) {
    if (canonical !== undefined) t.equal(formatIp(parseIp(written)), canonical);
    else t.throws(() => parseIp(written), { name: 'DomainError' });
  }
});

t.test('random IPv6 addresses survive both ways', async (t) => {
  let state = 12345;
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from({ length: 16 }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state & 0x40000 ? 0 : state >>> 24;
    });
    const text = formatIp(bytes);
    if (!isIPv6(text) || Buffer.compare(parseIp(text), bytes) !== 0) t.fail(text);
  }
  t.pass();
});

t.test('what is no address is refused with its text', async (t) => {
  for (const text of ['', '10.0.0', '10.0.0.256', '010.0.0.1', 'fe80::1%eth0', '1::2::3', 'x']) {
    t.throws(() => parseIp(text), new RegExp(`"${text}" is not an IP address`));
  }
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    'fd00::/129',
    '1.2.3.4/5/6',
    '/8',
  ]) {
    t.throws(() => parsePrefix(text), { name: 'DomainError' }, text);
  }
  t.match(parsePrefix('10.0.0.7'), { address: '10.0.0.7', length: 32 });
  t.match(parsePrefix('fd00::/8'), { address: 'fd00::', length: 8 });
  t.throws(() => formatIp(new Uint8Array(5)), { name: 'DomainError' });
});

t.test('hardware addresses', async (t) => {
  t.equal(formatMac(parseMac('02:42:AC:11:00:02'), 0, 6), '02:42:ac:11:00:02');
  for (const text of ['', '02:42:ac:11:00', '02-42-ac-11-00-02', '02:42:ac:11:00:0g']) {
    t.throws(() => parseMac(text), { name: 'DomainError' }, text);
  }
});

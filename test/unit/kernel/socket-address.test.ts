import t from 'tap';
import { encodeSocketAddress } from '../../../src/index.ts';

const hex = (address: Parameters<typeof encodeSocketAddress>[0]) =>
  encodeSocketAddress(address).toString('hex');

const zeros = (count: number) => '0000'.repeat(count);
/** The address and scope on port 80. */
const expected = (address: string, scope = '00000000') => `0a00005000000000${address}${scope}`;

t.test('IPv4 is sockaddr_in', async (t) => {
  t.equal(hex({ host: '127.0.0.1', port: 8080 }), `02001f907f000001${'00'.repeat(8)}`);
});

t.test('IPv6 is sockaddr_in6, shortened in every way', async (t) => {
  const cases = [
    ['::', zeros(8)],
    ['::1', `${zeros(7)}0001`],
    ['fe80::', `fe80${zeros(7)}`],
    ['2001:db8::a:1', `20010db8${zeros(4)}000a0001`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:10.1.2.3', `${zeros(5)}ffff0a010203`],
  ] as const;
  for (const [host, address] of cases) t.equal(hex({ host, port: 80 }), expected(address), host);
  t.equal(hex({ host: 'fe80::1%3', port: 80 }), expected(`fe80${zeros(6)}0001`, '03000000'));
});

t.test('a path is sockaddr_un with its NUL', async (t) => {
  t.equal(hex({ path: '/a' }), '01002f6100');
});

t.test('what is no address is refused', async (t) => {
  t.throws(() => hex({ host: 'localhost', port: 1 }), { message: '"localhost" is no IP address' });
  t.throws(() => hex({ host: '127.0.0.1', port: 65_536 }));
  t.throws(() => hex({ host: '127.0.0.1', port: 1.5 }));
  t.throws(() => hex({ host: 'fe80::1%eth0', port: 1 }));
  t.throws(() => hex({ path: 'x'.repeat(108) }));
  t.throws(() => hex({ path: '\0abstract' }));
});

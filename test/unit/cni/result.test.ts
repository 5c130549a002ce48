import t from 'tap';
import { decodeResult, encodeResult, type NetworkResult } from '../../../src/cni/result.ts';

const result: NetworkResult = {
  interfaces: [
    { name: 'cni0' },
    { name: 'eth0', mac: '02:00:00:00:00:01', mtu: 1450, sandbox: '/n' },
  ],
  addresses: [
    { address: '10.1.0.5/16', gateway: '10.1.0.1', interface: 0 },
    { address: 'fd00::5/64', interface: 1 },
  ],
  routes: [{ destination: '0.0.0.0/0', gateway: '10.1.0.1', mtu: 1400 }, { destination: '::/0' }],
  dns: { nameservers: ['10.1.0.1'], search: ['a.example'], options: [] },
};

t.test('a result of 1.1.0 survives encoding and decoding whole', async (t) => {
  t.same(decodeResult(encodeResult(result, '1.1.0'), '1.1.0'), result);
});

t.test('interface 0 is kept, and no interface stays none', async (t) => {
  const [first] = decodeResult(encodeResult(result, '1.0.0'), '1.0.0').addresses;
  t.equal(first?.interface, 0);
  const without = decodeResult({ ips: [{ address: '10.0.0.1/8' }] }, '1.0.0').addresses[0];
  t.notOk(without && 'interface' in without);
});

t.test('0.4.0 names the family and leaves out what it does not know', async (t) => {
  const old = encodeResult(result, '0.4.0');
  t.match(old, {
    cniVersion: '0.4.0',
    ips: [
      { version: '4', interface: 0 },
      { version: '6', interface: 1 },
    ],
  });
  t.notMatch(JSON.stringify(old), /mtu/);
});

t.test(
  '0.2.0 has one address of each family with its own routes, and comes back as ips',
  async (t) => {
    const old = encodeResult(result, '0.2.0');
    t.same(old, {
      cniVersion: '0.2.0',
      ip4: {
        ip: '10.1.0.5/16',
        gateway: '10.1.0.1',
        routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }],
      },
      ip6: { ip: 'fd00::5/64', routes: [{ dst: '::/0' }] },
      dns: { nameservers: ['10.1.0.1'], search: ['a.example'] },
    });
    const { addresses, routes } = decodeResult(old, '0.2.0');
    t.same(
      addresses.map(({ address }) => address),
      ['10.1.0.5/16', 'fd00::5/64'],
    );
    t.equal(routes.length, 2);
  },
);

t.test('0.2.0 cannot say a result without addresses', async (t) => {
  t.throws(() => encodeResult({ ...result, addresses: [] }, '0.2.0'), /no valid IP addresses/);
});

t.test('an empty dns is left out from 1.0.0 on', async (t) => {
  const dns = { nameservers: [], search: [], options: [] };
  t.notOk('dns' in encodeResult({ ...result, dns }, '1.0.0'));
  t.same(encodeResult({ ...result, dns }, '0.3.1')['dns'], {});
});

t.test('a result without a version has that of its configuration', async (t) => {
  t.equal(decodeResult({ ip4: { ip: '10.0.0.1/8' } }, '0.2.0').addresses.length, 1);
});

t.test('hostile results are refused', async (t) => {
  const bad: [object, RegExp][] = [
    [{ ips: [{ address: '10.0.0.1' }] }, /prefix length/],
    [{ ips: [{ address: '10.0.0.1/33' }] }, /prefix length/],
    [{ ips: [{ address: '10.0.0.1/8/8' }] }, /prefix length/],
    [{ ips: [{ address: '$(reboot)/8' }] }, /prefix length/],
    [{ ips: [{ address: '10.0.0.1/8', gateway: 'x' }] }, /not an address/],
    [{ ips: [{ address: '10.0.0.1/8', interface: 7 }] }, /not in the result/],
    [{ ips: [{ address: '10.0.0.1/8', interface: -1 }] }, /whole number/],
    [{ ips: 'all' }, /list of objects/],
    [{ routes: Array.from({ length: 1025 }, () => ({ dst: '10.0.0.0/8' })) }, /over 1024/],
    [{ dns: { nameservers: [1] } }, /list of strings/],
    [{ cniVersion: '3.0.0' }, /unknown version/],
  ];
  for (const [document, message] of bad) {
    t.throws(() => decodeResult({ ...document }, '1.0.0'), { message, name: 'CniError' });
  }
});

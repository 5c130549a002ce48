/** Our ptp and the reference's in equal worlds. */
import t from 'tap';
import { type Call, compare, skip } from './differential.ts';

t.setTimeout(600_000);

const four = [{ subnet: '10.77.0.0/24' }];
const six = [{ subnet: 'fd77::/64' }];
const routes = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }];
const base = { cniVersion: '1.0.0', name: 'net', type: 'ptp' };

const calls = (config: object, verbs = ['ADD', 'CHECK', 'DEL', 'DEL']): Call[] =>
  verbs.map((verb) => ({ verb, config: { ...base, ...config } }));

const ipam = (ranges: object, given: object = []) => ({
  ipam: { type: 'host-local', ranges, routes: given },
});

const cases: Record<string, object> = {
  IPv4: ipam([four], routes.slice(0, 1)),
  IPv6: ipam([six], routes.slice(1)),
  'both families': ipam([four, six], routes),
  'no routes': ipam([four, six]),
  mtu: { mtu: 1300, ...ipam([four], routes.slice(0, 1)) },
  dns: { dns: { nameservers: ['10.0.0.53'] }, ...ipam([four]) },
  'a route elsewhere': ipam([four], [{ dst: '192.168.5.0/24' }]),
};

for (const [name, config] of Object.entries(cases)) {
  t.test(name, { skip }, async (t) => {
    // CHECK of the reference does not find routes without a gateway.
    const verbs = name === 'a route elsewhere' ? ['ADD', 'DEL'] : undefined;
    await compare(t, { calls: calls(config, verbs) });
  });
}

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0']) {
  t.test(`specification ${cniVersion}`, { skip }, async (t) => {
    await compare(t, {
      calls: calls({ cniVersion, ...ipam([four, six], routes) }, ['ADD', 'DEL']),
    });
  });
}

t.test('without IPAM, and with one that gives no gateway, it is refused', { skip }, async (t) => {
  await compare(t, { calls: calls({}, ['ADD']) });
  const addresses = [{ address: '10.77.0.5/24' }];
  await compare(t, {
    calls: calls({ ipam: { type: 'static', addresses } }, ['ADD']),
    // The reference leaves the pair behind then; ours leaves nothing.
    forgive: ({ host }) => host.links.filter(({ ifname }) => ifname === 'lo'),
  });
});

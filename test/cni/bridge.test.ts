/** Our bridge and the reference's in equal worlds: equal answers and equal kernels. */
import t from 'tap';
import { type Call, compare, skip, type World } from './differential.ts';

t.setTimeout(600_000);

const families = {
  IPv4: [[{ subnet: '10.88.0.0/16' }]],
  IPv6: [[{ subnet: 'fd88::/64' }]],
  'both families': [[{ subnet: '10.88.0.0/16' }], [{ subnet: 'fd88::/64' }]],
} as const;

const routes = [{ dst: '0.0.0.0/0' }, { dst: '::/0' }];
const ipam = { type: 'host-local', ranges: families['both families'], routes };
const base = { cniVersion: '1.0.0', name: 'net', type: 'bridge', bridge: 'kd0' };

const calls = (config: object, verbs = ['ADD', 'CHECK', 'DEL', 'DEL']): Call[] =>
  verbs.map((verb) => ({ verb, config: { ...base, ...config } }));

for (const [name, ranges] of Object.entries(families)) {
  t.test(`a gateway for ${name}`, { skip }, async (t) => {
    const ofFamily = routes.filter(({ dst }) =>
      JSON.stringify(ranges).includes(dst.includes(':') ? 'fd88' : '10.88'),
    );
    const network = { ...ipam, ranges, routes: ofFamily };
    await compare(t, { calls: calls({ isGateway: true, ipam: network }) });
  });
}

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0']) {
  t.test(`specification ${cniVersion}`, { skip }, async (t) => {
    const verbs = cniVersion === '0.4.0' ? ['ADD', 'CHECK', 'DEL'] : ['ADD', 'DEL'];
    await compare(t, { calls: calls({ cniVersion, isGateway: true, ipam }, verbs) });
  });
}

const cases: Record<string, object> = {
  'no gateway: addresses alone': { ipam },
  'isDefaultGateway makes the routes itself': {
    isDefaultGateway: true,
    ipam: { type: 'host-local', ranges: families['both families'] },
  },
  'a default route with a gateway of its own is kept': {
    isDefaultGateway: true,
    ipam: {
      type: 'host-local',
      ranges: families.IPv4,
      routes: [{ dst: '0.0.0.0/0', gw: '10.88.0.7' }, { dst: '192.168.0.0/16' }],
    },
  },
  'mtu of bridge and pair': { mtu: 1400, isGateway: true, ipam },
  hairpinMode: { hairpinMode: true, isGateway: true, ipam },
  promiscMode: { promiscMode: true, isGateway: true, ipam },
  'capability mac': { runtimeConfig: { mac: '02:aa:bb:cc:dd:ee' }, ipam },
  'capability mac wins over args': {
    args: { cni: { mac: '02:aa:bb:cc:dd:01' } },
    runtimeConfig: { mac: '02:aa:bb:cc:dd:02' },
    ipam,
  },
  'capability ips': { runtimeConfig: { ips: ['10.88.7.7/16'] }, isGateway: true, ipam },
  'dns of the configuration wins': { dns: { nameservers: ['10.1.1.1'], search: ['a.b'] }, ipam },
  'the gateway of the range': {
    isGateway: true,
    ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24', gateway: '10.88.0.254' }]] },
  },
};

for (const [name, config] of Object.entries(cases)) {
  t.test(name, { skip }, async (t) => {
    // CHECK of the reference does not find routes without a gateway beside one with it.
    const verbs = name.startsWith('a default route') ? ['ADD', 'DEL'] : undefined;
    await compare(t, { calls: calls(config, verbs) });
  });
}

t.test(
  'frames alone, without IPAM; CHECK succeeds, the reference calls no plugin',
  { skip },
  async (t) => {
    const { ours } = await compare(t, { calls: calls({}, ['ADD']) });
    const [check] = calls({}, ['CHECK']);
    if (check === undefined) throw new Error('no call');
    t.match(ours.call(check), { exitCode: 1, document: { code: 7 } }, 'not without prevResult');
    await compare(t, { calls: calls({}, ['ADD', 'DEL', 'DEL']) });
  },
);

t.test('MAC by CNI_ARGS', { skip }, async (t) => {
  const environment = { CNI_ARGS: 'IgnoreUnknown=1;MAC=02:00:00:00:00:42' };
  await compare(t, { calls: calls({ ipam }).map((call) => ({ ...call, environment })) });
});

const withoutPair = ({ host }: ReturnType<World['snapshot']>) => ({
  addresses: host.addresses.filter((text) => !text.includes('veth')),
});

const otherAddress = (world: World) => {
  world.ip('link', 'add', 'kd0', 'type', 'bridge');
  world.ip('address', 'add', '10.99.0.1/24', 'dev', 'kd0');
  world.ip('link', 'set', 'kd0', 'up');
};

t.test(
  'a bridge with another address is refused, and taken with forceAddress',
  { skip },
  async (t) => {
    // The reference leaves the pair behind when it fails then (containernetworking/plugins#29).
    const network = { ...ipam, ranges: families.IPv4, routes: [] };
    await compare(t, {
      prepare: otherAddress,
      calls: calls({ isGateway: true, ipam: network }, ['ADD']),
      forgive: withoutPair,
    });
    await compare(t, {
      prepare: otherAddress,
      calls: calls({ isGateway: true, forceAddress: true, ipam: network }),
    });
  },
);

const refused: Record<string, object> = {
  'hairpin and promiscuous': { hairpinMode: true, promiscMode: true },
  'a VLAN out of range': { vlan: 4095 },
  'a trunk with half a range': { vlanTrunk: [{ minID: 3 }] },
  'a trunk the wrong way round': { vlanTrunk: [{ minID: 9, maxID: 3 }] },
  'IPAM without a container interface': { disableContainerInterface: true, ipam },
};

for (const [name, config] of Object.entries(refused)) {
  // Debian's 1.1.1 knows neither trunks nor disableContainerInterface: expectations of 1.9.1.
  t.test(`refused: ${name}`, { skip }, async (t) => {
    t.testdir({});
    const { World: Host } = await import('./differential.ts');
    const world = new Host(t, 'ours');
    const [add] = calls(config, ['ADD']);
    if (add === undefined) throw new Error('no call');
    t.match(world.call(add), { exitCode: 1, document: { code: 7 } });
    t.notMatch(world.ip('link'), /kd0|veth/, 'nothing was done');
  });
}

t.test('something else of the bridge’s name', { skip }, async (t) => {
  await compare(t, {
    prepare: (world) => {
      world.ip('link', 'add', 'kd0', 'type', 'veth', 'peer', 'name', 'kd1');
    },
    calls: calls({ ipam }, ['ADD', 'DEL']),
  });
});

t.test('a container that has the interface already', { skip }, async (t) => {
  await compare(t, {
    prepare: (world) => {
      world.ipInside('link', 'add', 'eth0', 'type', 'bridge');
    },
    calls: calls({ ipam }, ['ADD']),
    // A bridge that has its address from the start knows that it has no carrier yet.
    forgive: ({ container }) => container,
  });
});

t.test('DEL without a namespace, and of one that is gone', { skip }, async (t) => {
  for (const CNI_NETNS of ['', '/run/netns/keelson-absent']) {
    const add = calls({ isGateway: true, ipam }, ['ADD']);
    const gone = calls({ isGateway: true, ipam }, ['DEL']).map((call) => ({
      ...call,
      environment: { CNI_NETNS },
    }));
    // The reference leaves the pair then; ours finds the host's end by its name.
    await compare(t, {
      calls: [...add, ...gone],
      forgive: ({ host, container }) => ({
        links: host.links.filter(({ ifname }) => ifname !== 'veth*' && ifname !== 'kd0'),
        forwarding: [host.forwarding, container.forwarding],
      }),
    });
  }
});

/** Run by ../cni.test.ts on the lab's kernel: kinds that the host's may lack. */
import t from 'tap';
import { type Call, compare, World } from '../../cni/differential.ts';

t.setTimeout(1_500_000);

const ipam = {
  type: 'static',
  addresses: [
    { address: '10.66.0.2/24', gateway: '10.66.0.1' },
    { address: 'fd66::2/64', gateway: 'fd66::1' },
  ],
  routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
};

const calls = (config: object, verbs = ['ADD', 'CHECK', 'DEL', 'DEL']): Call[] =>
  verbs.map((verb) => ({ verb, config: { cniVersion: '1.0.0', name: 'net', ...config } }));

function uplink(world: World): void {
  world.ip('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
  for (const name of ['up0', 'up1']) world.ip('link', 'set', name, 'up');
}

const cases: Record<string, object> = {
  vlan: { type: 'vlan', master: 'up0', vlanId: 100, ipam },
  'vlan with mtu': { type: 'vlan', master: 'up0', vlanId: 100, mtu: 1400, ipam },
  ipvlan: { type: 'ipvlan', master: 'up0', ipam },
  'ipvlan, l3': { type: 'ipvlan', master: 'up0', mode: 'l3', ipam },
  'ipvlan, l3s, with mtu': { type: 'ipvlan', master: 'up0', mode: 'l3s', mtu: 1400, ipam },
};

for (const [name, config] of Object.entries(cases)) {
  t.test(name, async (t) => {
    await compare(t, { prepare: uplink, calls: calls(config) });
  });
}

t.test('ipvlan after another plugin, with its addresses', async (t) => {
  const prevResult = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'up0' }],
    ips: [{ address: '10.66.0.9/24', gateway: '10.66.0.1', interface: 0 }],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  await compare(t, {
    prepare: uplink,
    calls: calls({ type: 'ipvlan', prevResult }, ['ADD', 'DEL']),
  });
});

t.test('dummy: expectations of 1.9.1, which Debian 12 has not', async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  const [add, ...rest] = calls({ type: 'dummy', ipam, cniVersion: '1.1.0' }, ['ADD', 'DEL', 'DEL']);
  if (add === undefined) throw new Error('no call');
  const { document } = world.call(add);
  t.match(document, { interfaces: [{ name: 'eth0', sandbox: world.netns }], ips: [{}, {}] });
  const [link] = JSON.parse(world.ipInside('-j', '-d', 'link', 'show', 'eth0'));
  t.match(link, { linkinfo: { info_kind: 'dummy' } });
  const check = { ...add, verb: 'CHECK', config: { ...add.config, prevResult: document } };
  t.match(world.call(check), { exitCode: 0 });
  world.ipInside('link', 'set', 'eth0', 'down');
  t.match(world.call(check), { exitCode: 1 }, 'CHECK sees it down');
  for (const call of rest) t.match(world.call(call), { exitCode: 0 });
  t.notMatch(world.ipInside('link'), /eth0/);
});

const gateway = {
  type: 'bridge',
  bridge: 'kd0',
  isGateway: true,
  ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/16' }]] },
};

t.test('a VLAN of a bridge, with the host in it', async (t) => {
  const { ours } = await compare(t, { calls: calls({ ...gateway, vlan: 100 }, ['ADD', 'CHECK']) });
  t.match(vlansOf(ours, /^veth/), { vlan: 100, flags: ['PVID', 'Egress Untagged'] });
  t.match(ours.ip('address', 'show', 'kd0.100'), /10\.88\.0\.1\/16/);
  t.match(ours.runInside('ip', 'route'), /10\.88\.0\.0/);
});

t.test('a trunk: expectations of 1.9.1', async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  const config = { type: 'bridge', bridge: 'kd0', vlan: 5 };
  const vlanTrunk = [{ id: 7 }, { minID: 10, maxID: 11 }];
  for (const preserveDefaultVlan of [false, true]) {
    const [add, del] = calls({ ...config, vlanTrunk, preserveDefaultVlan }, ['ADD', 'DEL']);
    if (add === undefined || del === undefined) throw new Error('no call');
    t.match(world.call(add), { exitCode: 0 });
    const ids = allVlans(world, /^veth/).map(({ vlan }) => vlan);
    t.same(ids, preserveDefaultVlan ? [1, 5, 7, 10, 11] : [5, 7, 10, 11]);
    t.match(world.call(del), { exitCode: 0 });
  }
});

t.test('a bridge that does not filter is refused: VLANs would not be kept apart', async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  world.ip('link', 'add', 'kd0', 'type', 'bridge');
  const [add] = calls({ ...gateway, vlan: 100 }, ['ADD']);
  if (add === undefined) throw new Error('no call');
  t.match(world.call(add), { exitCode: 1, document: { code: 2 } });
  t.notMatch(world.ip('link'), /veth/);
});

interface PortVlan {
  readonly vlan: number;
  readonly flags?: readonly string[];
}

function allVlans(world: World, port: RegExp): readonly PortVlan[] {
  const ports = JSON.parse(world.run('bridge', '-j', 'vlan', 'show')) as {
    ifname: string;
    vlans: PortVlan[];
  }[];
  return ports.find(({ ifname }) => port.test(ifname))?.vlans ?? [];
}

function vlansOf(world: World, port: RegExp): PortVlan | undefined {
  return allVlans(world, port)[0];
}

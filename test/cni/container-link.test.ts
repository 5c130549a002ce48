/** Plugins of one interface inside the container, ours and the reference's in equal worlds. */
import t from 'tap';
import { type Call, compare, skip, World } from './differential.ts';

t.setTimeout(600_000);

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

/** An uplink with a network behind it, and the default route. */
function uplink(world: World): void {
  world.ip('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
  for (const name of ['up0', 'up1']) world.ip('link', 'set', name, 'up');
  world.ip('address', 'add', '192.0.2.5/24', 'dev', 'up0');
  world.ip('route', 'add', 'default', 'via', '192.0.2.1');
}

/** The same inside the container. */
function inner(world: World): void {
  world.ipInside('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
  for (const name of ['up0', 'up1']) world.ipInside('link', 'set', name, 'up');
}

const macvlan = { type: 'macvlan', master: 'up0' };

const cases: Record<string, object> = {
  'macvlan on the default route’s interface': { type: 'macvlan', ipam },
  'macvlan without IPAM': macvlan,
  'macvlan, private': { ...macvlan, mode: 'private', ipam },
  'macvlan, vepa': { ...macvlan, mode: 'vepa', ipam },
  'macvlan, passthru': { ...macvlan, mode: 'passthru' },
  'macvlan with mtu': { ...macvlan, mtu: 1400, ipam },
  'macvlan with the capability mac': { ...macvlan, runtimeConfig: { mac: 'c2:11:22:33:44:55' } },
  'macvlan with its field mac': { ...macvlan, mac: 'c2:11:22:33:44:66' },
  'macvlan with dns': { ...macvlan, ipam, dns: { nameservers: ['192.0.2.53'] } },
};

for (const [name, config] of Object.entries(cases)) {
  t.test(name, { skip }, async (t) => {
    await compare(t, { prepare: uplink, calls: calls(config) });
  });
}

t.test('macvlan on an interface of the container, which 1.1.1 has not', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  inner(world);
  const config = { ...macvlan, linkInContainer: true, ipam, dns: undefined };
  const [add, del] = calls(config, ['ADD', 'DEL']);
  if (add === undefined || del === undefined) throw new Error('no call');
  const { document } = world.call(add);
  t.match(document, { interfaces: [{ name: 'eth0' }] });
  t.match(world.ipInside('link', 'show', 'eth0'), /eth0@up0/);
  const check = { ...add, verb: 'CHECK', config: { ...add.config, prevResult: document } };
  t.match(world.call(check), { exitCode: 0 });
  t.match(world.call(del), { exitCode: 0 });
  t.notMatch(world.ipInside('link'), /eth0/);
});

t.test('bcqueuelen, which 1.1.1 has not, is how many broadcasts may wait', { skip }, async (t) => {
  for (const bcqueuelen of [500, 0]) {
    t.testdir({});
    const world = new World(t, 'ours');
    uplink(world);
    const [add] = calls({ ...macvlan, bcqueuelen, ipam }, ['ADD']);
    if (add === undefined) throw new Error('no call');
    t.match(world.call(add), { exitCode: 0 });
    const [link] = JSON.parse(world.ipInside('-j', '-d', 'link', 'show', 'eth0'));
    t.match(link, { linkinfo: { info_data: { bcqueuelen: bcqueuelen || 1000 } } });
  }
});

for (const cniVersion of ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0']) {
  t.test(`macvlan, specification ${cniVersion}`, { skip }, async (t) => {
    await compare(t, {
      prepare: uplink,
      calls: calls({ ...macvlan, ipam, cniVersion }, ['ADD', 'DEL']),
    });
  });
}

const refused: Record<string, object> = {
  'an unknown mode': { ...macvlan, mode: 'x' },
  'an MTU above the master’s': { ...macvlan, mtu: 9000 },
  'a master that is not there': { type: 'macvlan', master: 'absent' },
  'a MAC that is none': { ...macvlan, mac: 'zz' },
  'a VLAN without master': { type: 'vlan', vlanId: 5, ipam },
  'a VLAN out of range': { type: 'vlan', master: 'up0', vlanId: 4095, ipam },
  'an ipvlan mode that is none': { type: 'ipvlan', master: 'up0', mode: 'l4', ipam },
};

for (const [name, config] of Object.entries(refused)) {
  t.test(`refused: ${name}`, { skip }, async (t) => {
    await compare(t, { prepare: uplink, calls: calls(config, ['ADD']) });
  });
}

t.test('a name that host and container both have', { skip }, async (t) => {
  await compare(t, {
    prepare: (world) => {
      uplink(world);
      world.ip('link', 'add', 'eth0', 'type', 'bridge');
    },
    calls: calls({ ...macvlan, ipam }),
  });
});

t.test('an interface that the container has already', { skip }, async (t) => {
  await compare(t, {
    prepare: (world) => {
      uplink(world);
      world.ipInside('link', 'add', 'eth0', 'type', 'bridge');
    },
    calls: calls({ ...macvlan, ipam }, ['ADD']),
    // The reference leaves its half-made interface in the container.
    forgive: ({ host }) => host,
  });
});

t.test('tap: expectations of 1.9.1, which Debian 12 has not', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  world.ipInside('link', 'add', 'br0', 'type', 'bridge');
  const config = {
    type: 'tap',
    cniVersion: '1.1.0',
    mtu: 1400,
    mac: '02:00:00:00:00:07',
    owner: 1000,
    group: 1001,
    multiQueue: true,
    bridge: 'br0',
    ipam,
  };
  const [add, ...rest] = calls(config, ['ADD', 'STATUS', 'GC', 'DEL', 'DEL']);
  if (add === undefined) throw new Error('no call');
  const { document } = world.call(add);
  t.match(document, {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:07', sandbox: world.netns }],
    ips: [{ interface: 0, address: '10.66.0.2/24' }, { address: 'fd66::2/64' }],
  });
  const [link] = JSON.parse(world.ipInside('-j', '-d', 'link', 'show', 'eth0'));
  t.match(link, {
    mtu: 1400,
    master: 'br0',
    flags: ['NO-CARRIER', 'BROADCAST', 'MULTICAST', 'UP'],
    linkinfo: { info_kind: 'tun', info_data: { type: 'tap', multi_queue: true } },
  });
  t.match(world.ipInside('-d', 'link', 'show', 'eth0'), /user 1000|user \S+ group/);
  t.match(world.ipInside('address', 'show', 'eth0'), /10\.66\.0\.2\/24/);
  for (const call of rest) t.match(world.call(call), { exitCode: 0 }, call.verb);
  t.notMatch(world.ipInside('link'), /eth0/);
  const labelled = calls({ ...config, selinuxContext: 'x' }, ['ADD'])[0];
  if (labelled !== undefined) t.match(world.call(labelled), { document: { code: 2 } });
});

t.test('kinds that this kernel may lack say so', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  uplink(world);
  for (const type of ['dummy', 'ipvlan', 'vlan']) {
    const [add] = calls({ type, master: 'up0', vlanId: 5, ipam }, ['ADD']);
    if (add === undefined) throw new Error('no call');
    const { exitCode, document } = world.call(add);
    if (exitCode === 0) t.pass(`${type} is there; the lab compares it`);
    else t.match(document, { code: 2, msg: `This kernel has no interfaces of type ${type}` });
  }
});

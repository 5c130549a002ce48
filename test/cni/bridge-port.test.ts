/** What the bridge plugin does to ports and containers by fields that Debian's 1.1.1 has not. */
import { execFileSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { skip, World } from './differential.ts';

t.setTimeout(120_000);

const network = {
  cniVersion: '1.0.0',
  name: 'net',
  type: 'bridge',
  bridge: 'kd0',
  isGateway: true,
  ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/16' }], [{ subnet: 'fd88::/64' }]] },
};

function worldOf(t: Test): World {
  t.testdir({});
  return new World(t, 'ours');
}

/** A second container on the same network. */
function addSecond(t: Test, world: World, config: Readonly<Record<string, unknown>>) {
  const name = world.addContainer(t);
  const environment = { CNI_CONTAINERID: 'container-2', CNI_NETNS: `/run/netns/${name}` };
  return { name, ...world.call({ verb: 'ADD', config, environment }) };
}

function pings(from: string, to: string): boolean {
  try {
    execFileSync('ip', ['netns', 'exec', from, 'ping', '-c1', '-W2', to], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const sysctl = (world: World, name: string) => world.runInside('sysctl', '-n', name).trim();

t.test('portIsolation keeps pods from each other, not from their gateway', { skip }, (t) => {
  for (const portIsolation of [false, true]) {
    const world = worldOf(t);
    const config = { ...network, portIsolation };
    t.equal(world.call({ verb: 'ADD', config }).exitCode, 0);
    const second = addSecond(t, world, config);
    t.equal(second.exitCode, 0);
    const flag = world.ip('-d', 'link', 'show', 'type', 'veth').match(/isolated (on|off)/g);
    t.same(new Set(flag), new Set([portIsolation ? 'isolated on' : 'isolated off']));
    for (const address of ['10.88.0.3', 'fd88::3']) {
      t.equal(pings(world.container, address), !portIsolation, `${portIsolation} ${address}`);
    }
    t.ok(pings(second.name, '10.88.0.1'), 'the gateway answers');
  }
  t.end();
});

t.test(
  'enabledad looks for another machine with the address, which is not usual',
  { skip },
  (t) => {
    const address = { address: 'fd88::7/64', gateway: 'fd88::1' };
    const ipam = { type: 'static', addresses: [address] };
    const world = worldOf(t);
    t.equal(world.call({ verb: 'ADD', config: { ...network, ipam } }).exitCode, 0);
    t.equal(sysctl(world, 'net.ipv6.conf.eth0.accept_dad'), '0');
    const second = addSecond(t, world, { ...network, ipam, enabledad: true });
    t.match(second, { exitCode: 1, document: { msg: /fd88::7\/64 is somebody else's/ } });
    t.equal(world.ip('-br', 'link', 'show', 'type', 'veth').trim().split('\n').length, 1);
    const free = { ...ipam, addresses: [{ ...address, address: 'fd88::8/64' }] };
    t.equal(addSecond(t, world, { ...network, ipam: free, enabledad: true }).exitCode, 0);
    t.end();
  },
);

t.test('disableContainerInterface leaves the interface down', { skip }, (t) => {
  const world = worldOf(t);
  const { ipam: _ipam, ...frames } = network;
  const config = { ...frames, isGateway: false, disableContainerInterface: true };
  t.equal(world.call({ verb: 'ADD', config }).exitCode, 0);
  t.match(world.ipInside('-br', 'link', 'show', 'eth0'), /eth0@\S+ +DOWN/);
  t.end();
});

t.test('hairpinMode sends a pod its own frames, promiscMode hears all', { skip }, (t) => {
  const world = worldOf(t);
  t.equal(world.call({ verb: 'ADD', config: { ...network, hairpinMode: true } }).exitCode, 0);
  t.match(world.ip('-d', 'link', 'show', 'type', 'veth'), /hairpin on/);
  const other = { ...network, bridge: 'kd1', name: 'other', promiscMode: true };
  const range = { type: 'host-local', ranges: [[{ subnet: '10.89.0.0/16' }]] };
  t.equal(addSecond(t, world, { ...other, ipam: range }).exitCode, 0);
  t.match(world.ip('link', 'show', 'kd1'), /PROMISC/);
  t.notMatch(world.ip('link', 'show', 'kd0'), /PROMISC/);
  t.end();
});

function filtersVlans(world: World): boolean {
  const make = ['link', 'add', 'probe0', 'type', 'bridge', 'vlan_filtering', '1'];
  try {
    world.ip(...make);
  } catch {
    return false;
  }
  world.ip('link', 'delete', 'probe0');
  return true;
}

t.test('VLANs are kept apart, or refused by a kernel that cannot', { skip }, (t) => {
  const world = worldOf(t);
  const { ipam: _ipam, ...frames } = network;
  const config = { ...frames, isGateway: false, vlan: 7, vlanTrunk: [{ minID: 20, maxID: 22 }] };
  const added = world.call({ verb: 'ADD', config });
  if (filtersVlans(world)) {
    t.equal(added.exitCode, 0, JSON.stringify(added.document));
    const shown = world.run('bridge', 'vlan', 'show');
    t.match(shown, /veth\w+\s+7 PVID Egress Untagged\s+20\s+21\s+22/);
  } else {
    t.match(added, { exitCode: 1, document: { code: 2, msg: /does not filter by VLAN/ } });
    t.equal(world.ip('-br', 'link', 'show', 'type', 'veth'), '');
    t.equal(world.ip('-br', 'link', 'show', 'type', 'bridge'), '', 'the bridge is gone too');
  }
  t.end();
});

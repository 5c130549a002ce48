import t from 'tap';
import { netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';
import { encoded, hasStrace, messagesOf, sorted } from './oracle.ts';

const { link, address, route, neighbour, qdisc, trafficClass, filter, rule, fdb, bridgePort } =
  netlink;

const skipReason = skip || (hasStrace ? false : 'strace is not installed');

/** struct ifinfomsg, ifaddrmsg, rtmsg, ndmsg, tcmsg. */
const headers = { link: 16, address: 8, route: 12, neighbour: 12, tc: 20 };

t.test('our messages are byte for byte those of iproute2', { skip: skipReason }, async (t) => {
  using space = new TestNamespace();
  space.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
  space.ip('link', 'set', 'v0', 'up');
  space.ip('link', 'add', 'br0', 'type', 'bridge');
  space.ip('link', 'add', 'ifb0', 'type', 'ifb');
  using connection = await netlink.open({ namespace: space.path });
  const v0 = await link.indexOf(connection, 'v0');
  const br0 = await link.indexOf(connection, 'br0');
  const ifb0 = await link.indexOf(connection, 'ifb0');

  const same = (command: string, request: netlink.Request, bytes: number): void => {
    // The kernel may lack what a message is about (the gact action); its bytes are the same.
    const mayFail = /action drop|type (vrf|vlan|ipvlan|dummy|ifb|wireguard)|tc class delete/.test(
      command,
    );
    const [theirs, ...more] = messagesOf(space, command, mayFail);
    t.equal(more.length, 0, 'one message');
    t.same(sorted(encoded(request), bytes), sorted(theirs ?? Buffer.alloc(0), bytes), command);
  };

  same(
    'ip link add a0 type veth peer name a1',
    link.createRequest({ kind: 'veth', name: 'a0', peer: { name: 'a1' } }),
    headers.link,
  );
  same(
    'ip link add a2 mtu 1400 address 02:00:00:00:00:01 type veth peer name a3 mtu 1300',
    link.createRequest({
      kind: 'veth',
      name: 'a2',
      mtu: 1400,
      address: '02:00:00:00:00:01',
      peer: { name: 'a3', mtu: 1300 },
    }),
    headers.link,
  );
  same(
    'ip link add b0 type bridge forward_delay 200',
    link.createRequest({ kind: 'bridge', name: 'b0', data: { forwardDelay: 200 } }),
    headers.link,
  );
  same(
    `ip link add x0 type vxlan id 42 local 10.0.0.1 dev v0 dstport 4789 nolearning`,
    link.createRequest({
      kind: 'vxlan',
      name: 'x0',
      data: { parent: v0, id: 42, local: '10.0.0.1', learning: 0, port: 4789 },
    }),
    headers.link,
  );
  same(
    'ip link add m0 link br0 type macvlan mode bridge',
    link.createRequest({ kind: 'macvlan', name: 'm0', parent: br0, data: { mode: 'bridge' } }),
    headers.link,
  );
  same(
    'ip link add link v0 name l0 type vlan id 7',
    link.createRequest({ kind: 'vlan', name: 'l0', parent: v0, data: { id: 7 } }),
    headers.link,
  );
  const vrf = link.createRequest({ kind: 'vrf', name: 'r0', data: { table: 10 } });
  same('ip link add r0 type vrf table 10', vrf, headers.link);
  same(
    'ip link add link v0 name n0 type ipvlan mode l3',
    link.createRequest({ kind: 'ipvlan', name: 'n0', parent: v0, data: { mode: 'l3', flags: 0 } }),
    headers.link,
  );
  for (const kind of ['dummy', 'ifb', 'wireguard'] as const) {
    const name = `${kind}9`.slice(0, 15);
    same(`ip link add ${name} type ${kind}`, link.createRequest({ kind, name }), headers.link);
  }
  same('ip link set v0 mtu 1400', link.setRequest(v0, { mtu: 1400 }), headers.link);
  same('ip link set v0 down', link.setRequest(v0, { up: false }), headers.link);
  same('ip link set v0 up', link.setRequest(v0, { up: true }), headers.link);
  same('ip link set v0 master br0', link.setRequest(v0, { master: br0 }), headers.link);
  same('ip link set v0 nomaster', link.setRequest(v0, { master: 0 }), headers.link);

  same(
    'ip address add 10.0.0.1/24 broadcast 10.0.0.255 dev v0',
    address.addRequest({ device: v0, address: '10.0.0.1/24', broadcast: '10.0.0.255' }),
    headers.address,
  );
  same(
    'ip address replace 10.0.0.1/24 dev v0 valid_lft 60 preferred_lft 30',
    address.replaceRequest({
      device: v0,
      address: '10.0.0.1/24',
      validSeconds: 60,
      preferredSeconds: 30,
    }),
    headers.address,
  );
  same(
    'ip address add fd00::1/64 dev v0 nodad noprefixroute',
    address.addRequest({
      device: v0,
      address: 'fd00::1/64',
      noDuplicateDetection: true,
      noPrefixRoute: true,
    }),
    headers.address,
  );
  same(
    'ip address delete fd00::1/64 dev v0',
    address.removeRequest({ device: v0, address: 'fd00::1/64' }),
    headers.address,
  );
  space.ip('address', 'add', '10.0.1.1/24', 'dev', 'v0');
  space.ip('link', 'set', 'v1', 'up');

  same(
    'ip route add 10.1.0.0/16 via 10.0.1.2 metric 7 src 10.0.1.1 mtu 1400',
    route.addRequest({
      to: '10.1.0.0/16',
      via: '10.0.1.2',
      metric: 7,
      source: '10.0.1.1',
      metrics: { mtu: 1400 },
    }),
    headers.route,
  );
  same(
    'ip route replace default via 192.0.2.1 dev v0 onlink',
    route.replaceRequest({ to: 'default', via: '192.0.2.1', device: v0, onLink: true }),
    headers.route,
  );
  same(
    'ip route add 10.2.0.0/16 dev v0 table 5000 proto 77',
    route.addRequest({ to: '10.2.0.0/16', device: v0, table: 5000, protocol: 77 }),
    headers.route,
  );
  same(
    'ip route add blackhole 10.3.0.0/16',
    route.addRequest({ to: '10.3.0.0/16', type: 'blackhole' }),
    headers.route,
  );
  same(
    'ip route add 10.4.0.0/16 nexthop via 10.0.1.2 weight 1 nexthop via 10.0.1.3 weight 5',
    route.addRequest({
      to: '10.4.0.0/16',
      nextHops: [
        { via: '10.0.1.2', weight: 1 },
        { via: '10.0.1.3', weight: 5 },
      ],
    }),
    headers.route,
  );
  same('ip route delete 10.1.0.0/16', route.removeRequest({ to: '10.1.0.0/16' }), headers.route);
  const linkAddress = '02:00:00:00:00:05';
  same(
    `ip neighbour add 10.0.1.5 lladdr ${linkAddress} dev v0`,
    neighbour.addRequest({ device: v0, address: '10.0.1.5', linkAddress }),
    headers.neighbour,
  );
  same(
    `ip neighbour replace fd00::5 lladdr ${linkAddress} nud reachable dev v0`,
    neighbour.replaceRequest({ device: v0, address: 'fd00::5', linkAddress, state: 'reachable' }),
    headers.neighbour,
  );

  same(
    'tc qdisc add dev v0 handle ffff: ingress',
    qdisc.addRequest({ device: v0, kind: 'ingress' }),
    headers.tc,
  );
  same(
    'tc filter add dev v0 parent ffff: prio 1 protocol all u32 match u32 0 0 ' +
      'action mirred egress redirect dev ifb0',
    filter.addRequest({
      device: v0,
      parent: 'ffff:',
      priority: 1,
      kind: 'u32',
      action: { kind: 'mirred', mode: 'redirect', index: ifb0 },
    }),
    headers.tc,
  );
  same(
    'tc filter add dev v0 parent ffff: prio 5 protocol ip u32 ' +
      'match ip dst 10.0.0.8 match u32 0xab 0xff at 8 action drop',
    filter.addRequest({
      device: v0,
      parent: 'ffff:',
      priority: 5,
      protocol: 0x0800,
      kind: 'u32',
      keys: [
        { value: 0x0a000008, mask: 0xffffffff, offset: 16 },
        { value: 0xab, mask: 0xff, offset: 8 },
      ],
      action: { kind: 'drop' },
    }),
    headers.tc,
  );
  same(
    'tc qdisc add dev ifb0 root handle 1: htb default 0x10 r2q 10',
    qdisc.addRequest({ device: ifb0, kind: 'htb', handle: '1:', options: { defaultClass: 0x10 } }),
    headers.tc,
  );
  same(
    'tc class delete dev ifb0 classid 1:10',
    trafficClass.removeRequest(ifb0, '1:10'),
    headers.tc,
  );
  same('tc qdisc delete dev ifb0 root', qdisc.removeRequest(ifb0, 'root'), headers.tc);
});

t.test(
  'messages about rules and bridges are those of iproute2',
  { skip: skipReason },
  async (t) => {
    using space = new TestNamespace();
    space.ip('link', 'add', 'br0', 'type', 'bridge');
    space.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    space.ip('link', 'set', 'v0', 'master', 'br0');
    space.ip('link', 'add', 'x0', 'type', 'vxlan', 'id', '7', 'dstport', '4789', 'dev', 'v1');
    using connection = await netlink.open({ namespace: space.path });
    const v0 = await link.indexOf(connection, 'v0');
    const x0 = await link.indexOf(connection, 'x0');
    const same = (command: string, request: netlink.Request, bytes: number): void => {
      const [theirs] = messagesOf(space, command, command.includes('vlan'));
      t.same(sorted(encoded(request), bytes), sorted(theirs ?? Buffer.alloc(0), bytes), command);
    };
    same(
      'ip rule add from 10.1.0.0/16 to 10.2.0.0/16 iif v0 priority 100 table 200',
      rule.addRequest({
        from: '10.1.0.0/16',
        to: '10.2.0.0/16',
        inputInterface: 'v0',
        priority: 100,
        table: 200,
      }),
      headers.route,
    );
    same(
      'ip -6 rule add not fwmark 0x10/0xff table 5000 suppress_prefixlength 0',
      rule.addRequest({
        family: 'ipv6',
        invert: true,
        mark: 0x10,
        markMask: 0xff,
        table: 5000,
        suppressPrefixLength: 0,
      }),
      headers.route,
    );
    same(
      'ip rule delete priority 100',
      rule.removeRequest({ family: 'ipv4', priority: 100 }),
      headers.route,
    );
    const linkAddress = '02:00:00:00:00:09';
    same(
      `bridge fdb add ${linkAddress} dev x0 dst 10.0.0.9 vni 8 port 4790`,
      fdb.addRequest({ device: x0, linkAddress, remote: '10.0.0.9', vni: 8, port: 4790 }),
      headers.neighbour,
    );
    same(
      `bridge fdb append 00:00:00:00:00:00 dev x0 dst 10.0.0.8`,
      fdb.appendRequest({ device: x0, linkAddress: '00:00:00:00:00:00', remote: '10.0.0.8' }),
      headers.neighbour,
    );
    same(
      `bridge fdb delete ${linkAddress} dev x0 dst 10.0.0.9 vni 8 port 4790`,
      fdb.removeRequest({ device: x0, linkAddress, remote: '10.0.0.9', vni: 8, port: 4790 }),
      headers.neighbour,
    );
    same(
      'bridge link set dev v0 hairpin on learning off flood off isolated on',
      bridgePort.setRequest(v0, { hairpin: true, learning: false, flood: false, isolated: true }),
      headers.link,
    );
    same(
      'bridge vlan add dev v0 vid 10 pvid untagged',
      bridgePort.vlanRequest('add', v0, { id: 10, pvid: true, untagged: true }),
      headers.link,
    );
    same(
      'bridge vlan delete dev v0 vid 20-30',
      bridgePort.vlanRequest('remove', v0, { id: { from: 20, to: 30 } }),
      headers.link,
    );
  },
);

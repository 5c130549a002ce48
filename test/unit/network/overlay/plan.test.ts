import t from 'tap';
import type { OverlayNode } from '../../../../src/network/overlay/overlay-node.ts';
import { defaultSettings } from '../../../../src/network/overlay/overlay-settings.ts';
import { linkAddressOf, planOverlay } from '../../../../src/network/overlay/plan.ts';
import type { Underlay } from '../../../../src/network/overlay/underlay.ts';

const underlay: Underlay = {
  device: 'eth0',
  index: 2,
  mtu: 1500,
  address: '192.168.61.11',
  subnets: ['192.168.61.0/24', 'fd61::/64'],
};

function node(number: number, more: Partial<OverlayNode> = {}): OverlayNode {
  return {
    name: `host${number}`,
    addresses: [`192.168.61.${number}`, `fd61::${number}`],
    ranges: [`10.244.${number}.0/24`, `fd44:0:0:${number}::/64`],
    ...more,
  };
}

const self = node(11);
const neighbour = node(12);
const far = node(13, { addresses: ['192.168.62.13', 'fd62::13'] });

function plan(
  nodes: readonly OverlayNode[],
  settings: Partial<typeof defaultSettings> = {},
  under: Partial<Underlay> = {},
) {
  return planOverlay({
    settings: { ...defaultSettings, ...settings },
    self,
    nodes,
    underlay: { ...underlay, ...under },
  });
}

function ways(planned: ReturnType<typeof plan>) {
  return Object.fromEntries(
    [...planned.routes.values()].map(({ to, way, via }) => [to, `${way} ${via}`]),
  );
}

t.test('by vxlan a peer is a forwarding entry, and a neighbour and a route a range', async (t) => {
  const planned = plan([self, neighbour]);
  const at = linkAddressOf('host12');
  t.same([...planned.forwarding], [[at, '192.168.61.12']]);
  t.same(
    [...planned.neighbours],
    [
      ['10.244.12.0', at],
      ['fd44:0:0:12::', at],
    ],
  );
  t.same(ways(planned), {
    '10.244.12.0/24': 'vxlan 10.244.12.0',
    'fd44:0:0:12::/64': 'vxlan fd44:0:0:12::',
  });
  t.match(planned.device, {
    vni: 4097,
    port: 4789,
    local: '192.168.61.11',
    linkAddress: linkAddressOf('host11'),
    addresses: ['10.244.11.0/32', 'fd44:0:0:11::/128'],
  });
  t.same(planned.problems, []);
});

t.test('the same nodes in another order give the same plan', async (t) => {
  t.same(plan([far, neighbour, self]), plan([self, neighbour, far]));
});

t.test('a plan does without this node among the others', async (t) => {
  t.same(plan([neighbour, far]), plan([self, neighbour, far]));
});

t.test('routed nodes of a subnet need no device, others get one', async (t) => {
  t.equal(plan([neighbour], { mode: 'routed' }).device, undefined);
  const planned = plan([neighbour, far], { mode: 'routed' });
  t.same(ways(planned), {
    '10.244.12.0/24': 'underlay 192.168.61.12',
    'fd44:0:0:12::/64': 'underlay fd61::12',
    '10.244.13.0/24': 'vxlan 10.244.13.0',
    'fd44:0:0:13::/64': 'vxlan fd44:0:0:13::',
  });
  t.equal(planned.forwarding.size, 1, 'the neighbour is no one to tunnel to');
  t.ok(planned.device);
});

t.test('with crossSubnet off a node of another subnet is told of, not reached', async (t) => {
  const planned = plan([neighbour, far], { mode: 'routed', crossSubnet: false });
  t.equal(planned.device, undefined);
  t.equal(planned.routes.size, 2);
  t.match(planned.problems, [/10.244.13.0\/24 of node "host13".*another subnet/, /fd44/]);
  t.equal(planned.mtu, 1500, 'there is no tunnel to leave room for');
});

t.test('an IPv6 range is tunnelled where its node has no IPv6 address to route by', async (t) => {
  const planned = plan([node(12, { addresses: ['192.168.61.12'] })], { mode: 'routed' });
  t.same(ways(planned), {
    '10.244.12.0/24': 'underlay 192.168.61.12',
    'fd44:0:0:12::/64': 'vxlan fd44:0:0:12::',
  });
});

t.test('what pods may send leaves room for the headers of the tunnel', async (t) => {
  t.equal(plan([neighbour]).mtu, 1450);
  t.equal(plan([neighbour]).device?.mtu, 1450);
  t.equal(plan([neighbour], {}, { mtu: 9000 }).mtu, 8950);
  t.equal(plan([node(12)], {}, { address: 'fd61::11' }).mtu, 1430, 'IPv6 outside');
  t.equal(plan([neighbour], { mode: 'routed' }).mtu, 1450, 'a node of another subnet may come');
  const set = plan([neighbour], { mtu: 1400 });
  t.equal(set.mtu, 1400);
  t.equal(set.device?.mtu, 1450);
});

t.test('a node without an address of our family, or any, is told of', async (t) => {
  const planned = plan([node(12, { addresses: ['fd61::12'] }), node(13, { addresses: [] })]);
  t.equal(planned.routes.size, 0);
  t.match(planned.problems, [/no address of our family/, /no address of our/, /it has no address/]);
});

t.test('only nodes may send', async (t) => {
  t.same(plan([self, neighbour, far]).peers, [
    '192.168.61.12',
    '192.168.62.13',
    'fd61::12',
    'fd62::13',
  ]);
});

function greedy(range: string) {
  return plan([neighbour, node(66, { ranges: [range] })]);
}

t.test('a node cannot take the traffic of others by what it says of itself', async (t) => {
  const cases = [
    ['0.0.0.0/0', /holds the address/],
    ['::/0', /holds the address/],
    ['192.168.61.0/24', /holds the address/],
    ['192.168.61.11/32', /holds the address/],
    ['10.244.11.0/24', /overlaps 10.244.11.0\/24 of node "host11"/],
    ['10.244.11.128/25', /overlaps/],
    ['10.244.0.0/16', /overlaps/],
    ['10.244.12.7/32', /overlaps 10.244.12.0\/24 of node "host12"/],
  ] as const;
  for (const [range, reason] of cases) {
    const planned = greedy(range);
    t.notOk(planned.routes.has(range), range);
    t.match(planned.problems, [reason], range);
    t.ok(planned.routes.has('10.244.12.0/24'), 'the others are reached');
  }
});

t.test('link addresses are of one receiver, set by hand, and each a node its own', async (t) => {
  const all = new Set<string>();
  for (let number = 0; number < 5000; number++) {
    const address = linkAddressOf(`host${number}`);
    if ((Number.parseInt(address.slice(0, 2), 16) & 3) !== 2) t.fail(address);
    all.add(address);
  }
  t.equal(all.size, 5000);
});

t.test('a thousand nodes are planned in a moment', async (t) => {
  const many = Array.from({ length: 2000 }, (_, index) => ({
    name: `node${index}`,
    addresses: [`172.16.${index >> 8}.${index & 255}`],
    ranges: [`10.${index >> 8}.${index & 255}.0/24`],
  }));
  const planned = plan(many);
  t.equal(planned.routes.size, 2000);
  t.same(planned.problems, []);
});

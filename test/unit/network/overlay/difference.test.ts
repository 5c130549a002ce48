import t from 'tap';
import { differenceOf } from '../../../../src/network/overlay/difference.ts';
import type { ObservedOverlay } from '../../../../src/network/overlay/observe.ts';
import { deviceAlias, deviceName } from '../../../../src/network/overlay/overlay-settings.ts';
import type { OverlayPlan, PlannedDevice } from '../../../../src/network/overlay/plan.ts';
import { deviceStep } from '../../../../src/network/overlay/vxlan-device.ts';

const mac = '02:00:00:00:00:02';
const device: PlannedDevice = {
  vni: 4097,
  port: 4789,
  local: '192.168.61.11',
  mtu: 1450,
  linkAddress: '02:00:00:00:00:01',
  addresses: ['10.244.1.0/32'],
};
const plan: OverlayPlan = {
  device,
  neighbours: new Map([['10.244.2.0', mac]]),
  forwarding: new Map([[mac, '192.168.61.12']]),
  routes: new Map([['10.244.2.0/24', { to: '10.244.2.0/24', way: 'vxlan', via: '10.244.2.0' }]]),
  ownRanges: ['10.244.1.0/24'],
  peers: ['192.168.61.12'],
  podRanges: ['10.244.1.0/24', '10.244.2.0/24'],
  mtu: 1450,
  problems: [],
};
const link = {
  index: 7,
  name: deviceName,
  flags: 1,
  up: true,
  running: true,
  hardwareType: 1,
  kind: 'vxlan',
  data: { id: 4097, port: 4789, local: '192.168.61.11', learning: 0 },
  mtu: 1450,
  address: '02:00:00:00:00:01',
  alias: deviceAlias,
  operationalState: 'unknown',
} as const;
const route = {
  family: 'ipv4',
  table: 254,
  scope: 'global',
  protocol: 117,
  cloned: false,
} as const;
const entry = { index: 7, self: true, permanent: true, static: true } as const;
const observed = {
  device: link,
  addresses: ['10.244.1.0/32'],
  neighbours: [
    {
      index: 7,
      family: 'ipv4',
      address: '10.244.2.0',
      linkAddress: mac,
      state: 'permanent',
      flags: 0,
    },
  ],
  forwarding: [{ ...entry, linkAddress: mac, remote: '192.168.61.12' }],
  routes: [
    { ...route, to: '10.244.1.0/24', type: 'unreachable', metric: 65_535, onLink: false },
    { ...route, to: '10.244.2.0/24', type: 'unicast', via: '10.244.2.0', index: 7, onLink: true },
  ],
} as const satisfies ObservedOverlay;
const indexes = { vxlan: 7, underlay: 2 };

function changes(seen: Partial<ObservedOverlay>, wanted: Partial<OverlayPlan> = {}) {
  return differenceOf({ ...plan, ...wanted }, { ...observed, ...seen }, indexes).map(
    ({ what }) => what,
  );
}

t.test('what is right is not touched', async (t) => {
  t.same(changes({}), []);
});

t.test('what is missing is made, receivers before the route that leads to them', async (t) => {
  const none = { addresses: [], neighbours: [], forwarding: [], routes: [] };
  t.same(changes(none), [
    'add address 10.244.1.0/32',
    `add forwarding ${mac} to 192.168.61.12`,
    `add neighbour 10.244.2.0 at ${mac}`,
    'add route 10.244.1.0/24 via nowhere',
    'add route 10.244.2.0/24 via 10.244.2.0',
  ]);
});

t.test('a node that left is taken away, its route first', async (t) => {
  const gone = { neighbours: new Map(), forwarding: new Map(), routes: new Map() };
  t.same(changes({}, gone), [
    'remove route 10.244.2.0/24',
    'remove neighbour 10.244.2.0',
    `remove forwarding ${mac} to 192.168.61.12`,
  ]);
});

t.test('a node that changed its address is changed in place', async (t) => {
  const [first = '', ...rest] = changes({}, { forwarding: new Map([[mac, '192.168.61.99']]) });
  t.equal(first, `add forwarding ${mac} to 192.168.61.99`);
  t.same(rest, [`remove forwarding ${mac} to 192.168.61.12`], 'if a second one was left');
});

t.test('a stale neighbour is made right in place', async (t) => {
  const [wrong] = observed.neighbours;
  const other = [{ ...wrong, linkAddress: '02:00:00:00:00:99' }];
  t.same(changes({ neighbours: other }), [`add neighbour 10.244.2.0 at ${mac}`]);
  const failed = [{ ...wrong, state: 'failed' as const }];
  t.same(changes({ neighbours: failed }), [`add neighbour 10.244.2.0 at ${mac}`]);
});

t.test("routes with our number that nobody wants are taken away, others' not seen", async (t) => {
  const stale = { ...route, to: '10.9.0.0/24', type: 'unicast', index: 2, onLink: false } as const;
  const elsewhere = { ...observed.routes[1], table: 100 };
  const routes = [...observed.routes, stale, elsewhere];
  t.same(changes({ routes }), ['remove route 10.9.0.0/24', 'remove route 10.244.2.0/24']);
});

t.test('a route over a device that was made anew leads out of the new one', async (t) => {
  const [own, old] = observed.routes;
  t.same(changes({ routes: [own, { ...old, index: 6 }] }), [
    'add route 10.244.2.0/24 via 10.244.2.0',
    'remove route 10.244.2.0/24',
  ]);
});

t.test('a device is made anew only for what it is born with', async (t) => {
  t.equal(deviceStep(device, undefined), 'create');
  t.equal(deviceStep(device, link), 'none');
  t.equal(deviceStep(undefined, link), 'remove');
  t.equal(deviceStep(undefined, undefined), 'none');
  for (const changed of [{ mtu: 1400 }, { up: false }, { address: '02:00:00:00:00:99' }]) {
    t.equal(deviceStep(device, { ...link, ...changed }), 'change');
  }
  for (const data of [{ id: 1 }, { port: 8472 }, { local: '192.168.61.99' }, { learning: 1 }]) {
    const other = { ...link, data: { ...link.data, ...data } };
    t.equal(deviceStep(device, other), 'recreate');
  }
  t.equal(deviceStep(device, { ...link, kind: 'bridge', data: {} }), 'recreate');
});

t.test("somebody else's device of the name is left alone", async (t) => {
  const { alias: _alias, ...others } = link;
  t.throws(() => deviceStep(device, others), { message: /not ours/ });
  t.equal(deviceStep(undefined, others), 'none');
});

import t from 'tap';
import { planService, type ServicePlan } from '../../../../src/network/services/plan-service.ts';
import { node, service, slice } from './objects.ts';

const three = slice([
  '10.244.1.2',
  '10.244.1.3',
  { addresses: ['10.244.0.2'], nodeName: 'host01' },
]);

function frontendsOf({ ports }: ServicePlan): string[] {
  return ports.flatMap(({ frontends }) => frontends.map((one) => `${one.address} ${one.port}`));
}

function backendsOf({ ports: [port] }: ServicePlan): string[] {
  return (port?.backends.all ?? []).map(({ address, port: number }) => `${address}:${number}`);
}

t.test('a cluster address leads to all ready endpoints, in the order of addresses', async (t) => {
  const plan = planService(service(), [three], node);
  t.same(frontendsOf(plan), ['10.96.0.1 80']);
  t.same(backendsOf(plan), ['10.244.0.2:8080', '10.244.1.2:8080', '10.244.1.3:8080']);
  t.match(plan.ports[0], {
    name: 'default/web:',
    protocol: 'tcp',
    affinitySeconds: 0,
    frontends: [{ group: 'all', masquerade: false, allFromInside: false }],
  });
  t.same(plan.strayAddresses, []);
});

t.test('headless Services, external names and those of other proxies are nothing', async (t) => {
  const nothing = { ports: [], strayAddresses: [] };
  t.same(planService(service({ clusterIP: 'None', clusterIPs: ['None'] }), [three], node), nothing);
  t.same(planService(service({ type: 'ExternalName' }), [three], node), nothing);
  const foreign = service();
  const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
  const labelled = { ...foreign, metadata: { ...foreign.metadata, labels } };
  t.same(planService(labelled, [three], node), nothing);
  t.same(planService(service({ clusterIP: '' }), [three], node), nothing);
});

t.test('node ports, external and balancer addresses are masqueraded frontends', async (t) => {
  const spec = {
    type: 'LoadBalancer',
    ports: [{ port: 80, nodePort: 30_080 }],
    externalIPs: ['203.0.113.7', '127.0.0.1', '169.254.1.1', 'nonsense', '224.0.0.1'],
    loadBalancerSourceRanges: [' 198.51.100.0/24'],
  };
  const ingress = [{ ip: '203.0.113.9' }, { ip: '203.0.113.10', ipMode: 'Proxy' }];
  const balanced = { ...service(spec), status: { loadBalancer: { ingress } } };
  const plan = planService(balanced, [three], node);
  t.same(frontendsOf(plan), [
    '10.96.0.1 80',
    '203.0.113.7 80',
    '203.0.113.9 80',
    '192.168.1.1 30080',
  ]);
  const frontends = plan.ports[0]?.frontends ?? [];
  t.same(
    frontends.map(({ masquerade }) => masquerade),
    [false, true, true, true],
  );
  t.same(frontends[2]?.sources, ['198.51.100.0/24']);
  t.notOk('sources' in (frontends[1] ?? {}));
});

t.test('policy Local keeps to the endpoints of the node', async (t) => {
  const inside = planService(service({ internalTrafficPolicy: 'Local' }), [three], node);
  t.match(inside.ports[0], {
    backends: { local: [{ address: '10.244.0.2', maybeHere: true }] },
    frontends: [{ group: 'local' }],
  });
  const spec = {
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 32_000,
    ports: [{ port: 80, nodePort: 30_080 }],
  };
  const outside = planService(service(spec), [three], node);
  t.match(outside.ports[0]?.frontends, [
    { group: 'all', allFromInside: false },
    { port: 30_080, group: 'local', masquerade: false, allFromInside: true },
  ]);
  t.same(outside.healthCheck, { port: 32_000, localEndpoints: 1 });
});

t.test('endpoints that end and still serve are the last resort', async (t) => {
  const ending = { ready: false, serving: true, terminating: true };
  const dead = { ready: false, serving: false, terminating: true };
  const both = slice([
    { addresses: ['10.244.1.2'], conditions: ending },
    { addresses: ['10.244.1.3'], conditions: dead },
    { addresses: ['10.244.1.4'], conditions: { ready: false } },
  ]);
  t.same(backendsOf(planService(service(), [both], node)), ['10.244.1.2:8080']);
  const one = slice([{ addresses: ['10.244.1.2'], conditions: ending }, '10.244.1.9']);
  t.same(backendsOf(planService(service(), [one], node)), ['10.244.1.9:8080']);
});

t.test('ports are found by their names and protocols', async (t) => {
  const ports = [
    { name: 'web', protocol: 'TCP', port: 8080 },
    { name: 'dns', protocol: 'UDP', port: 5353 },
    { name: 'off', protocol: 'TCP' },
  ];
  const spec = {
    ports: [
      { name: 'web', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'off', port: 81 },
      { name: 'odd', port: 82, protocol: 'DCCP' },
      { name: 'none', port: 0 },
    ],
  };
  const plan = planService(service(spec), [slice(['10.244.1.2'], { ports })], node);
  t.same(
    plan.ports.map(({ name, protocol, backends }) => [name, protocol, backends.all[0]?.port]),
    [
      ['default/web:web', 'tcp', 8080],
      ['default/web:dns', 'udp', 5353],
      ['default/web:off', 'tcp', undefined],
    ],
  );
});

t.test('each family has its own addresses, slices and nodes', async (t) => {
  const spec = {
    type: 'NodePort',
    clusterIPs: ['10.96.0.1', 'FD00:96::0:1'],
    ports: [{ port: 80, nodePort: 30_080 }],
  };
  const six = slice(['fd00:244::2'], { addressType: 'IPv6' });
  const plan = planService(
    service(spec),
    [three, six, slice(['x'], { addressType: 'FQDN' })],
    node,
  );
  t.same(frontendsOf(plan), [
    '10.96.0.1 80',
    '192.168.1.1 30080',
    'fd00:96::1 80',
    '2001:db8::1 30080',
  ]);
  t.same(
    plan.ports.map(({ family, backends }) => [family, backends.all.length]),
    [
      [4, 3],
      [6, 1],
    ],
  );
  t.same(plan.strayAddresses, ['fd00:96::1']);
});

t.test('hints count where every endpoint has one that may be meant', async (t) => {
  const all = slice([zoned('10.244.1.2', 'a'), zoned('10.244.1.3', 'b')]);
  t.same(backendsOf(planService(service(), [all], node)), ['10.244.1.2:8080']);
  const elsewhere = { ...node, zone: 'c' };
  t.equal(backendsOf(planService(service(), [all], elsewhere)).length, 2);
  const some = slice([zoned('10.244.1.2', 'a'), '10.244.1.3']);
  t.equal(backendsOf(planService(service(), [some], node)).length, 2);
});

t.test('the addresses of the node itself are not taken from it', async (t) => {
  const plan = planService(service({ clusterIP: '10.96.0.10' }), [three], node);
  t.same(frontendsOf(plan), []);
});

t.test(
  'clients keep their endpoint for the time that the Service says, within bounds',
  async (t) => {
    t.equal(keeping(), 10_800);
    t.equal(keeping(5), 5);
    t.equal(keeping(1e9), 86_400);
  },
);

t.test('what no endpoint may be is passed over', async (t) => {
  const hostile = slice(['127.0.0.1', '169.254.169.254', '::1', '0.0.0.0', 'a b', '010.0.0.1', '']);
  t.same(backendsOf(planService(service(), [hostile], node)), []);
  const many = slice(Array.from({ length: 5000 }, (_, i) => `10.244.${i >> 8}.${i & 255}`));
  t.equal(backendsOf(planService(service(), [many], node)).length, 4095);
});

function zoned(address: string, name: string) {
  return { addresses: [address], hints: { forZones: [{ name }] } };
}

/** For how long a client of such a Service keeps its endpoint. */
function keeping(timeoutSeconds?: number): number | undefined {
  const spec = {
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds } },
  };
  return planService(service(spec), [three], node).ports[0]?.affinitySeconds;
}

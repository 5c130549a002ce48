/** Addresses of both families: Services by policy, slices by family, nodes' ranges. */
import t from 'tap';
import { resources } from '../../../src/api/client/resources.ts';
import { publishAddresses } from '../../../src/apiserver/publish-address.ts';
import { ServiceRanges } from '../../../src/apiserver/service-ranges.ts';
import { podRangesOf } from '../../../src/controller/node/pod-range.ts';
import { runControllers } from '../../../src/controller/run-controllers.ts';
import { ScratchServer } from './scratch-server.ts';
import { until } from '../../until.ts';

const serviceRanges = new ServiceRanges('10.96.0.0/16,fd96::/108');
const services = '/api/v1/namespaces/default/services';
const ports = [{ port: 80 }];

t.test('a Service has an address of each family that it asks for', async (t) => {
  await using server = await ScratchServer.start({ serviceRanges });
  const make = async (name: string, spec: object) => {
    const object = { metadata: { name }, spec: { ports, ...spec } };
    return (await server.request(`POST ${services}`, object)).body;
  };
  t.match(await make('plain', {}), {
    spec: { clusterIPs: [/^10\.96\./], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
  });
  t.match(await make('both', { ipFamilyPolicy: 'RequireDualStack' }), {
    spec: { clusterIP: /^10\.96\./, clusterIPs: [/^10\.96\./, /^fd96::/] },
  });
  t.match(await make('six', { ipFamilies: ['IPv6'], ipFamilyPolicy: 'PreferDualStack' }), {
    spec: { clusterIP: /^fd96::/, clusterIPs: [/^fd96::/, /^10\.96\./] },
  });
  const chosen = { clusterIPs: ['10.96.0.77', 'fd96::77'] };
  t.match(await make('chosen', chosen), { spec: { ...chosen, clusterIP: '10.96.0.77' } });
  const taken = await make('taken', { clusterIPs: ['10.96.0.78', 'fd96::77'] });
  t.match(taken['message'], /failed to allocate IP fd96::77: provided IP is already allocated/);
  const strange = await make('strange', { clusterIP: '10.97.0.1' });
  t.match(strange['message'], /not in the valid range. The range of valid IPs is 10.96.0.0\/16/);
  t.match(await make('again', { clusterIP: '10.96.0.78' }), { spec: { clusterIP: '10.96.0.78' } });
});

t.test('a second family comes and goes, and what it had is free again', async (t) => {
  await using server = await ScratchServer.start({ serviceRanges });
  const clusterIPs = ['10.96.0.50', 'fd96::50'];
  const object = { metadata: { name: 'web' }, spec: { ports, clusterIP: '10.96.0.50' } };
  await server.request(`POST ${services}`, object);
  const patch = async (spec: object) => {
    const type = { 'Content-Type': 'application/merge-patch+json' };
    return (await server.request(`PATCH ${services}/web`, { spec }, type)).body;
  };
  const wider = await patch({ ipFamilyPolicy: 'PreferDualStack', clusterIPs });
  t.match(wider, { spec: { clusterIPs, ipFamilies: ['IPv4', 'IPv6'] } });
  const narrower = await patch({ ipFamilyPolicy: 'SingleStack' });
  t.match(narrower, { spec: { clusterIPs: ['10.96.0.50'], ipFamilies: ['IPv4'] } });
  const other = { metadata: { name: 'other' }, spec: { ports, clusterIP: 'fd96::50' } };
  t.equal((await server.request(`POST ${services}`, other)).status, 201);
});

t.test('slices are of one family each, nodes get a range of each', async (t) => {
  await using server = await ScratchServer.start({ serviceRanges });
  const ending = new AbortController();
  const client = server.client('test');
  const running = runControllers(client, {
    signal: ending.signal,
    podRanges: podRangesOf('10.244.0.0/16,fd44::/48'),
  });
  t.teardown(async () => {
    ending.abort();
    await running;
  });
  for (const name of ['host01', 'host02'])
    await client.create(resources.nodes, { metadata: { name }, spec: {} });
  const rangesOf = async () =>
    (await client.list(resources.nodes)).items.map(({ spec }) => spec?.podCIDRs?.join() ?? '');
  await until(rangesOf, (all) => all.every((ranges) => ranges !== ''));
  t.same((await rangesOf()).toSorted(), [
    '10.244.0.0/24,fd44::/64',
    '10.244.1.0/24,fd44:0:0:1::/64',
  ]);

  const labels = { app: 'web' };
  const metadata = { name: 'web', namespace: 'default', labels };
  const pod = await client.create(resources.pods, {
    metadata,
    spec: { containers: [{ name: 'a', image: 'a' }], nodeName: 'host01' },
  });
  const podIPs = [{ ip: '10.244.0.5' }, { ip: 'fd44::5' }];
  const conditions = [{ type: 'Ready', status: 'True' }];
  const status = { phase: 'Running', podIP: '10.244.0.5', podIPs, conditions };
  await client.updateStatus(resources.pods, { ...pod, status });
  const spec = { ports, selector: labels };
  const made = await client.create(resources.services, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { ...spec, ipFamilyPolicy: 'RequireDualStack' },
  });
  const slices = async () => {
    const { items } = await client.list(resources.endpointSlices, { namespace: 'default' });
    return items
      .map(({ addressType, endpoints }) => `${addressType} ${endpoints?.[0]?.addresses.join()}`)
      .toSorted()
      .join(' ');
  };
  const both = 'IPv4 10.244.0.5 IPv6 fd44::5';
  t.equal(await until(slices, (seen) => seen === both), both);
  const endpoints = async () =>
    (await client.list(resources.endpoints, { namespace: 'default' })).items[0]?.subsets;
  await until(endpoints, (seen) => seen?.[0]?.addresses?.length === 1);
  t.match(await endpoints(), [{ addresses: [{ ip: '10.244.0.5' }] }], "the Service's own family");
  const single = { ...made.spec, ipFamilyPolicy: 'SingleStack' };
  await client.update(resources.services, { ...made, spec: single });
  t.equal(await until(slices, (seen) => seen === 'IPv4 10.244.0.5'), 'IPv4 10.244.0.5');
});

t.test('a range that is taken is given to nobody else, of whatever size it is', async (t) => {
  await using server = await ScratchServer.start();
  const client = server.client('test');
  const given = { old: '10.244.0.0/23', own: '10.244.3.0/24', odd: 'nonsense' };
  for (const [name, podCIDR] of Object.entries(given)) {
    await client.create(resources.nodes, { metadata: { name }, spec: { podCIDR } });
  }
  const ending = new AbortController();
  const running = runControllers(client, { signal: ending.signal });
  t.teardown(async () => {
    ending.abort();
    await running;
  });
  for (const name of ['new1', 'new2']) {
    await client.create(resources.nodes, { metadata: { name }, spec: {} });
  }
  const rangesOf = async () =>
    (await client.list(resources.nodes)).items
      .filter(({ metadata }) => metadata.name.startsWith('new'))
      .map(({ spec }) => spec?.podCIDR ?? '');
  const seen = await until(rangesOf, (all) => all.every((range) => range !== ''));
  t.same(seen.toSorted(), ['10.244.2.0/24', '10.244.4.0/24']);
});

t.test("the API's and the DNS servers' Services have the addresses kept for them", async (t) => {
  await using server = await ScratchServer.start({ serviceRanges });
  const client = server.client('test');
  const servers = [{ address: '192.168.61.11', port: 6443 }];
  for (const _ of [1, 2]) await publishAddresses(client, servers, serviceRanges);
  const api = await client.get(resources.services, { namespace: 'default', name: 'kubernetes' });
  t.same(api.spec.clusterIPs, ['10.96.0.1']);
  const dns = await client.get(resources.services, { namespace: 'kube-system', name: 'kube-dns' });
  t.same(dns.spec.clusterIPs, ['10.96.0.10', 'fd96::a']);
});

/** Ingresses and Services of type LoadBalancer: classes, addresses, ports that two want. */
import t from 'tap';
import { resources } from '../../../src/api/client/resources.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { Cluster } from '../../../src/controller/cluster.ts';
import { runController } from '../../../src/controller/control-loop.ts';
import { ServiceBalancer } from '../../../src/controller/entrance/balancer.ts';
import { IngressStatusController } from '../../../src/controller/entrance/ingress-status.ts';
import { OwnIngressClass } from '../../../src/controller/entrance/own-class.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';
import { until } from '../../until.ts';

const { ingresses, ingressClasses, services, nodes, endpointSlices, events } = resources;
const namespace = 'default';

const onError = (): void => undefined;

class Entrances implements AsyncDisposable {
  readonly server: ScratchServer;
  readonly client;
  readonly #ending = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(server: ScratchServer) {
    this.server = server;
    this.client = server.client('test');
    const { signal } = this.#ending;
    const client = server.client('controllers');
    const cluster = new Cluster({ client, clock: systemClock, onError });
    const controllers = [
      new OwnIngressClass(cluster),
      new IngressStatusController(cluster),
      new ServiceBalancer(cluster),
    ];
    this.#running = Promise.all([
      cluster.informers.run(signal),
      ...controllers.map((one) => runController(cluster, one, { signal, onError })),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.server[Symbol.asyncDispose]();
  }

  async addNode(name: string, ...addresses: readonly string[]): Promise<void> {
    const made = await this.client.create(nodes, { metadata: { name }, spec: {} });
    await this.client.updateStatus(nodes, {
      ...made,
      status: {
        addresses: addresses.map((address) => ({ type: 'InternalIP', address })),
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    });
  }

  async addBalanced(name: string, port: number, more: object = {}): Promise<void> {
    const spec = { type: 'LoadBalancer', ports: [{ port }], selector: { app: name }, ...more };
    await this.client.create(services, { metadata: { namespace, name }, spec });
  }

  /** Waits until a Service has these addresses. */
  async addresses(name: string, ...wanted: readonly string[]): Promise<readonly string[]> {
    const look = async () => {
      const { status } = await this.client.get(services, { namespace, name });
      return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
    };
    return await until(look, (seen) => seen.join() === wanted.join());
  }

  async told(name: string, message: RegExp): Promise<string> {
    const look = async () => {
      const { items } = await this.client.list(events, { namespace });
      const about = items.filter(({ involvedObject }) => involvedObject.name === name);
      return about.map(({ type, reason, message: text }) => `${type} ${reason} ${text}`).join('\n');
    };
    return await until(look, (seen) => message.test(seen));
  }
}

t.test('an Ingress without a class is of the default class, and has the addresses', async (t) => {
  await using cluster = new Entrances(await ScratchServer.start());
  const { client } = cluster;
  const classes = await until(
    async () => (await client.list(ingressClasses)).items,
    (items) => items.length > 0,
  );
  t.match(classes, [{ metadata: { name: 'keelson' }, spec: { controller: 'keelson.io/ingress' } }]);
  await cluster.addNode('host02', '192.168.61.12');
  await cluster.addNode('host01', '192.168.61.11');
  const path = { path: '/', pathType: 'Prefix' };
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const rules = [{ host: 'web01', http: { paths: [{ ...path, backend }] } }];
  const make = (name: string, annotations = {}, spec = {}) =>
    client.create(ingresses, {
      metadata: { namespace, name, annotations },
      spec: { rules, ...spec },
    });
  const rewrite = { 'nginx.ingress.kubernetes.io/rewrite-target': '/' };
  const { spec } = await make('web01', rewrite);
  t.equal(spec.ingressClassName, 'keelson');
  const addressesOf = async (name: string) => {
    const { status } = await client.get(ingresses, { namespace, name });
    return (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join();
  };
  const both = '192.168.61.11,192.168.61.12';
  t.equal(
    await until(
      () => addressesOf('web01'),
      (seen) => seen === both,
    ),
    both,
  );
  t.match(
    await cluster.told('web01', /rewrite-target/),
    /^Warning UnsupportedAnnotation .*rewrite-target: passed over$/,
  );
  const old = await make('old', { 'kubernetes.io/ingress.class': 'keelson' });
  t.equal(old.spec.ingressClassName, undefined, 'the annotation says it already');
  await make('foreign', {}, { ingressClassName: 'nginx' });
  await until(
    () => addressesOf('old'),
    (seen) => seen === both,
  );
  t.equal(await addressesOf('foreign'), '', "another controller's");

  const cordoned = await client.get(nodes, { namespace: '', name: 'host02' });
  const conditions = [{ type: 'Ready', status: 'Unknown' }];
  await client.updateStatus(nodes, { ...cordoned, status: { ...cordoned.status, conditions } });
  await until(
    () => addressesOf('web01'),
    (seen) => seen === '192.168.61.11',
  );

  await client.create(ingressClasses, {
    metadata: {
      name: 'nginx',
      annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
      creationTimestamp: '2100-01-01T00:00:00Z',
    },
    spec: { controller: 'k8s.io/ingress-nginx' },
  });
  await client.delete(ingressClasses, { namespace: '', name: 'keelson' });
  t.equal((await make('later')).spec.ingressClassName, 'nginx', 'the default that there is');
});

t.test('a LoadBalancer has the addresses of the nodes, a port is one Service’s', async (t) => {
  await using cluster = new Entrances(await ScratchServer.start());
  const { client } = cluster;
  await cluster.addNode('host01', '192.168.61.11', 'fd61::11');
  await cluster.addNode('host02', '192.168.61.12');
  const both = ['192.168.61.11', '192.168.61.12'];
  await cluster.addBalanced('first', 8080);
  await cluster.addresses('first', ...both);
  await cluster.told('first', /^Normal EnsuredLoadBalancer/);
  await cluster.addBalanced('second', 8080);
  t.match(
    await cluster.told('second', /8080/),
    /^Warning SyncLoadBalancerFailed .*port 8080\/TCP of the nodes is Service "default\/first"'s/,
  );
  await cluster.addBalanced('web', 80);
  await cluster.told('web', /port 80\/TCP of the nodes is for Ingresses/);
  await cluster.addBalanced('ssh', 22);
  await cluster.told('ssh', /port 22\/TCP of the nodes is for the nodes themselves/);
  await cluster.addBalanced('cloud', 9000, { loadBalancerClass: 'cloud.example/fast' });
  await cluster.addBalanced('one', 9001, { loadBalancerIP: '192.168.61.12' });
  await cluster.addresses('one', '192.168.61.12');
  await cluster.addBalanced('nowhere', 9002, { loadBalancerIP: '192.0.2.1' });
  await cluster.told('nowhere', /loadBalancerIP 192\.0\.2\.1 is no node's address/);
  t.same(await cluster.addresses('cloud'), [], "another balancer's");

  await client.delete(services, { namespace, name: 'first' });
  t.same(await cluster.addresses('second', ...both), both, 'who waited has it now');
  const plain = { type: 'merge', document: { spec: { type: 'ClusterIP' } } } as const;
  await client.patch(services, { namespace, name: 'second' }, plain);
  t.same(await cluster.addresses('second'), [], 'nobody balances it any more');
});

t.test('with policy Local only nodes with an endpoint, without node ports if so', async (t) => {
  await using cluster = new Entrances(await ScratchServer.start());
  const { client } = cluster;
  await cluster.addNode('host01', '192.168.61.11');
  await cluster.addNode('host02', '192.168.61.12');
  await cluster.addBalanced('web', 8080, {
    externalTrafficPolicy: 'Local',
    allocateLoadBalancerNodePorts: false,
  });
  const { spec } = await client.get(services, { namespace, name: 'web' });
  t.equal(spec.ports?.[0]?.nodePort, undefined);
  await client.create(endpointSlices, {
    metadata: { namespace, name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.244.1.2'], nodeName: 'host02', conditions: { ready: true } },
      { addresses: ['10.244.0.2'], nodeName: 'host01', conditions: { ready: false } },
    ],
    ports: [{ name: '', port: 80, protocol: 'TCP' }],
  });
  t.same(await cluster.addresses('web', '192.168.61.12'), ['192.168.61.12']);
  await cluster.addBalanced('asked', 8081, {
    allocateLoadBalancerNodePorts: false,
    ports: [{ port: 8081, nodePort: 30_081 }],
  });
  const asked = await client.get(services, { namespace, name: 'asked' });
  t.equal(asked.spec.ports?.[0]?.nodePort, 30_081, 'one that is asked for is given');
});

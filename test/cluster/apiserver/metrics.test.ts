import t from 'tap';
import { milliValue, parseQuantity } from '../../../src/api/quantity.ts';
import { findPrograms } from '../api/kubectl.ts';
import { FakeKubelet } from './fake-kubelet.ts';
import { ScratchServer } from './scratch-server.ts';

t.setTimeout(600_000);

const pods = '/api/v1/namespaces/default/pods';
const metrics = '/apis/metrics.k8s.io/v1beta1';
const newest = findPrograms().at(-1);

/** Counts half a processor for the node, and a tenth for the container. */
function counters(): string {
  const now = Date.now();
  const seconds = now / 1000;
  const labels = '{container="a",namespace="default",pod="web"}';
  return `node_cpu_usage_seconds_total ${(seconds / 2).toFixed(6)} ${now}
node_memory_working_set_bytes 104857600
container_cpu_usage_seconds_total${labels} ${(seconds / 10).toFixed(6)} ${now}
container_memory_working_set_bytes${labels} 5242880
container_start_time_seconds${labels} 1
`;
}

interface Metrics {
  readonly metadata: { readonly name: string; readonly labels?: object };
  readonly usage: Usage;
  readonly containers: readonly { readonly name: string; readonly usage: Usage }[];
}

interface Usage {
  readonly cpu: string;
  readonly memory: string;
}

function itemsOf({ body }: { readonly body: object }): readonly Metrics[] {
  return (body as { items: readonly Metrics[] }).items;
}

async function makeWeb(server: ScratchServer): Promise<void> {
  const containers = [{ name: 'a', image: 'x' }];
  const metadata = { name: 'web', labels: { app: 'web' } };
  await server.request(`POST ${pods}`, { metadata, spec: { nodeName: 'n1', containers } });
}

t.test('what nodes and pods use is asked of their kubelets', async (t) => {
  await using kubelet = await FakeKubelet.start();
  kubelet.pages.set('/metrics/resource', counters);
  await using server = await ScratchServer.start({ kubelets: kubelet.options });
  await server.request('POST /api/v1/nodes', kubelet.node);
  await makeWeb(server);
  const both = await Promise.all([
    server.request(`GET ${metrics}/nodes`),
    server.request(`GET ${metrics}/pods`),
  ]);
  const [node] = itemsOf(both[0]);
  t.equal(node?.metadata.name, 'n1');
  t.match(node?.usage, { memory: '100Mi' });
  const milli = milliValue(parseQuantity(node?.usage.cpu ?? ''));
  t.ok(milli >= 499 && milli <= 501, `${milli} thousandths of a processor`);
  const [pod] = itemsOf(both[1]);
  t.match(pod?.metadata, { name: 'web', labels: { app: 'web' } });
  t.match(pod?.containers, [{ name: 'a', usage: { memory: '5Mi' } }]);
  const reads = kubelet.seen.filter((line) => line === 'GET /metrics/resource');
  t.equal(reads.length, 2, 'two who ask at once are told by the same readings');
  const one = await server.request(`GET ${metrics}/namespaces/default/pods/web`);
  t.match(one.body, { kind: 'PodMetrics', apiVersion: 'metrics.k8s.io/v1beta1' });
  t.same(itemsOf(await server.request(`GET ${metrics}/pods?labelSelector=app%3Dother`)), []);
  t.equal(itemsOf(await server.request(`GET ${metrics}/pods?labelSelector=app%3Dweb`)).length, 1);
  t.equal(kubelet.seen.filter((line) => line === 'GET /metrics/resource').length, 2);
});

t.test('a node that does not answer is left out, what is not there is not found', async (t) => {
  await using kubelet = await FakeKubelet.start();
  await using server = await ScratchServer.start({ kubelets: kubelet.options });
  await server.request('POST /api/v1/nodes', { metadata: { name: 'away' } });
  await server.request('POST /api/v1/nodes', kubelet.node);
  kubelet.pages.set('/metrics/resource', counters);
  const names = itemsOf(await server.request(`GET ${metrics}/nodes`));
  t.same(
    names.map(({ metadata }) => metadata.name),
    ['n1'],
  );
  t.match((await server.request(`GET ${metrics}/nodes/away`)).body, {
    code: 404,
    message: 'nodes.metrics.k8s.io "away" not found',
  });
  t.equal((await server.request(`GET ${metrics}/nodes/none`)).status, 404);
  t.equal((await server.request(`POST ${metrics}/nodes`, {})).status, 405);
  t.equal((await server.request(`DELETE ${metrics}/nodes/n1`)).status, 405);
  t.equal((await server.request(`GET ${metrics}/nodes?watch=true`)).status, 405);
  t.equal((await server.request('GET /api/v1/nodes/n1')).status, 200, 'the node itself is there');
});

t.test('kubectl top', { skip: newest === undefined && 'no kubectl' }, async (t) => {
  if (newest === undefined) return;
  await using kubelet = await FakeKubelet.start();
  kubelet.pages.set('/metrics/resource', counters);
  await using server = await ScratchServer.start({ kubelets: kubelet.options });
  await server.request('POST /api/v1/nodes', kubelet.node);
  const status = { allocatable: { cpu: '2', memory: '1000Mi' } };
  const type = { 'Content-Type': 'application/merge-patch+json' };
  await server.request('PATCH /api/v1/nodes/n1/status', { status }, type);
  await makeWeb(server);
  const run = async (...args: string[]) => {
    const { stdout, stderr } = await server.kubectl(newest, ...args);
    return stdout + stderr;
  };
  t.match(await run('top', 'nodes'), /^NAME .*\nn1 +(49\d|50\d)m +2[45]% +100Mi +10% /);
  t.match(await run('top', 'pods'), /^NAME .*\nweb +\d+m +5Mi/);
  t.match(await run('top', 'pod', 'web', '--containers'), /web +a +\d+m +5Mi/);
  t.match(await run('get', 'pods.metrics.k8s.io'), /^NAME +CPU +MEMORY +WINDOW\nweb +\S+ +5Mi +/);
  t.match(await run('get', 'pods'), /^NAME +READY/, 'pods are pods');
  t.match(await run('delete', 'pod', 'web', '--force', '--grace-period=0'), 'pod "web" ');
});

/** Two coordinators over one etcd: any of them may fail, and nothing is done twice. */
import t from 'tap';
import { CoordinatorProcess, scratchFolder } from '../security/coordinator-process.ts';
import { eventually } from '../security/shared-coordinator.ts';
import { etcdMissing } from '../store/etcd-server.ts';
import { startEtcdInMemory, storeOf } from './etcd-in-memory.ts';
import { PodCensus } from './pod-census.ts';

t.setTimeout(280_000);

const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/keelson-coordinator';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

interface Document {
  readonly spec: { readonly holderIdentity?: string };
  readonly subsets?: readonly { readonly ports: readonly { readonly port: number }[] }[];
}

t.test('the other takes over, and nothing is doubled', { skip: etcdMissing }, async (t) => {
  await using etcd = await startEtcdInMemory();
  const flags = ['--store', storeOf(etcd), '--leader-lease', '8s'];
  const start = (folder?: string) => CoordinatorProcess.start(flags, folder ?? scratchFolder());
  const started = await Promise.all([start(), start()]);
  await using one = started[0];
  await using two = started[1];
  const holder = async (): Promise<string> => {
    const alive = two.child.exitCode === null && two.child.signalCode === null ? two : one;
    const { status, text } = await alive.asAdmin(`GET ${lease}`);
    return status === 200 ? ((JSON.parse(text) as Document).spec.holderIdentity ?? '') : '';
  };
  t.ok(await eventually(async () => leads(one) || leads(two)), 'one is elected');
  t.notOk(leads(one) && leads(two), 'and one alone');
  const [leader, other] = leads(one) ? [one, two] : [two, one];

  await using census = await PodCensus.start(other);
  for (const name of ['host01', 'host02', 'host03']) {
    const status = { allocatable: { cpu: '32', memory: '64Gi', pods: '100' } };
    const node = { metadata: { name }, spec: {}, status };
    t.equal((await leader.asAdmin('POST /api/v1/nodes', JSON.stringify(node))).status, 201);
  }
  t.equal((await other.asAdmin(`POST ${deployments}`, JSON.stringify(deployment(5)))).status, 201);
  t.ok(await eventually(async () => census.bound === 5), 'five pods have a node');

  const first = await holder();
  const scale = async (by: CoordinatorProcess, replicas: number) => {
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    const { certificate: cert, key } = by;
    const body = JSON.stringify({ spec: { replicas } });
    const answer = await by.request(`PATCH ${deployments}/web`, { cert, key, headers, body });
    t.equal(answer.status, 200);
  };
  await Promise.all([scale(other, 20), leader.stop('SIGKILL')]);
  t.ok(await eventually(async () => census.bound === 20), 'fifteen more, by the other one');
  t.not(await holder(), first, 'which leads now');
  t.match(other.log, '"own":true');
  t.ok(
    await eventually(async () => {
      const { text } = await other.asAdmin('GET /api/v1/namespaces/default/endpoints/kubernetes');
      const { subsets = [] } = JSON.parse(text) as Document;
      const ports = subsets.flatMap((subset) => subset.ports.map(({ port }) => `${port}`));
      return ports.length === 0 || (ports.length === 1 && other.url.endsWith(`:${ports[0]}`));
    }),
    'pods are no longer sent to the dead one',
  );

  await using third = await start();
  const second = await holder();
  other.child.kill('SIGSTOP');
  try {
    await scale(third, 30);
    t.ok(await eventually(async () => leads(third)), 'one that does not answer is taken over');
  } finally {
    other.child.kill('SIGCONT');
  }
  t.ok(await eventually(async () => census.bound === 30), 'ten more');
  t.not(await holder(), second);
  t.ok(
    await eventually(async () =>
      /could not be renewed|"own":false/.test(other.log.split(second).at(-1) ?? ''),
    ),
    'who comes back finds that out',
  );
  const settled = async () => {
    const { text } = await third.asAdmin(`GET ${deployments}/web`);
    return /"replicas":30,"updatedReplicas":30/.test(text.replaceAll(/"readyReplicas":\d+,/g, ''));
  };
  t.ok(await eventually(settled), 'the deployment has its pods');
  t.equal(census.pods.size, 30, 'no pod was made twice');
  t.same(census.moved, [], 'no pod was given two nodes');

  const last = await holder();
  await third.stop('SIGTERM');
  t.ok(await eventually(async () => ![last, ''].includes(await holder())), 'a lease is given back');
});

function deployment(replicas: number) {
  const labels = { app: 'web' };
  const containers = [{ name: 'main', image: 'web' }];
  const template = { metadata: { labels }, spec: { containers } };
  return {
    metadata: { name: 'web' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

function leads({ log }: CoordinatorProcess): boolean {
  return log.includes('"own":true');
}

import t from 'tap';
import { resources } from '../../../src/api/client/resources.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { HorizontalAutoscaler } from '../../../src/controller/autoscale/controller.ts';
import { Cluster } from '../../../src/controller/cluster.ts';
import { runController } from '../../../src/controller/control-loop.ts';
import { findPrograms } from '../api/kubectl.ts';
import { FakeKubelet } from '../apiserver/fake-kubelet.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';
import { until } from '../../until.ts';

t.setTimeout(600_000);

const newest = findPrograms().at(-1);
const merge = { 'Content-Type': 'application/merge-patch+json' };
const pods = '/api/v1/namespaces/default/pods';
const scalers = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
const requests = { cpu: '100m' };
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'a', image: 'x', resources: { requests } }] },
};

/** Half a processor, which is ten times what is wished. */
function counters(): string {
  const now = Date.now();
  const labels = '{container="a",namespace="default",pod="web"}';
  return `container_cpu_usage_seconds_total${labels} ${(now / 2000).toFixed(6)} ${now}
container_memory_working_set_bytes${labels} 5242880
`;
}

async function makeWeb(server: ScratchServer): Promise<void> {
  await server.request('POST /apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'web' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template },
  });
  const metadata = { name: 'web', labels: { app: 'web' } };
  await server.request(`POST ${pods}`, { metadata, spec: { ...template.spec, nodeName: 'n1' } });
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const ready = { type: 'Ready', status: 'True', lastTransitionTime: hourAgo };
  const status = { phase: 'Running', startTime: hourAgo, conditions: [ready] };
  await server.request(`PATCH ${pods}/web/status`, { status }, merge);
}

t.test('a busy Deployment grows, as far as it may', async (t) => {
  await using kubelet = await FakeKubelet.start();
  kubelet.pages.set('/metrics/resource', counters);
  await using server = await ScratchServer.start({ kubelets: kubelet.options });
  await server.request('POST /api/v1/nodes', kubelet.node);
  await makeWeb(server);
  const target = { type: 'Utilization', averageUtilization: 50 };
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  const made = await server.request(`POST ${scalers}`, {
    metadata: { name: 'web' },
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 3, metrics },
  });
  t.equal(made.status, 201);
  await server.request(`POST ${scalers}`, {
    metadata: { name: 'lost' },
    spec: { scaleTargetRef: { ...scaleTargetRef, name: 'none' }, maxReplicas: 3 },
  });

  const ending = new AbortController();
  t.teardown(() => ending.abort());
  const problems: string[] = [];
  const onError = (what: string, error: unknown) => problems.push(`${what}: ${String(error)}`);
  const client = server.client('kube-controller-manager');
  const cluster = new Cluster({ client, clock: systemClock, onError });
  const options = { signal: ending.signal, onError };
  const running = Promise.all([
    runController(cluster, new HorizontalAutoscaler(cluster), options),
    cluster.informers.run(ending.signal),
  ]);
  const web = { namespace: 'default', name: 'web' };
  await until(async () => (await client.get(resources.deployments, web)).spec?.replicas === 3);
  await until(async () => {
    const { status } = await client.get(resources.horizontalPodAutoscalers, web);
    return status?.desiredReplicas === 3;
  });
  const { status } = await client.get(resources.horizontalPodAutoscalers, web);
  t.match(status?.conditions, [
    { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' },
    { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' },
    { type: 'AbleToScale', status: 'True', reason: 'SucceededRescale' },
  ]);
  const use = status?.currentMetrics?.[0]?.resource?.current.averageUtilization ?? 0;
  t.ok(use >= 490 && use <= 510, `${use} % of what is requested`);
  await until(async () => {
    const lost = { namespace: 'default', name: 'lost' };
    const { status } = await client.get(resources.horizontalPodAutoscalers, lost);
    return status?.conditions?.[0]?.reason === 'FailedGetScale';
  });
  if (newest !== undefined) {
    const { stdout } = await server.kubectl(newest, 'get', 'hpa', 'web');
    t.match(stdout, /\nweb +Deployment\/web +(cpu: )?(49\d|50\d|510)%\/50% +1 +3 +/);
  }
  ending.abort();
  await running;
  t.same(problems, []);
});

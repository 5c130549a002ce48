import t from 'tap';
import type { Stored } from '../../../../src/api/client/client.ts';
import type { PodMetrics } from '../../../../src/api/client/pod-metrics.ts';
import type { MetricSpec } from '../../../../src/api/types/generated/autoscaling-v2.ts';
import { demandOf } from '../../../../src/controller/autoscale/demand.ts';
import type { Pod } from '../../../../src/controller/stored.ts';

const nowMs = Date.parse('2026-01-02T12:00:00Z');
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString();
const half: MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};

interface Shape {
  readonly request?: string;
  readonly ready?: boolean;
  readonly startedAgo?: number;
  readonly phase?: string;
}

function pod(name: string, shape: Shape = {}): Pod {
  const { request = '100m', ready = true, startedAgo = 3600, phase = 'Running' } = shape;
  const resources = request === '' ? {} : { requests: { cpu: request, memory: '100Mi' } };
  const lastTransitionTime = ago(startedAgo - 1);
  return {
    metadata: { namespace: 'default', name },
    spec: { containers: [{ name: 'a', image: 'x', resources }] },
    status: {
      phase,
      startTime: ago(startedAgo),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime }],
    },
  } as unknown as Stored<Pod>;
}

function use(name: string, cpu: string, memory = '50Mi'): [string, PodMetrics] {
  const containers = [{ name: 'a', usage: { cpu, memory } }];
  return [name, { metadata: { name }, timestamp: ago(1), window: '15s', containers }];
}

function demand(
  pods: readonly Pod[],
  uses: readonly [string, PodMetrics][],
  spec: MetricSpec = half,
): Record<string, unknown> {
  const tolerance = { up: 0.1, down: 0.1 };
  const observed = { current: pods.length, pods, metrics: new Map(uses), nowMs, tolerance };
  return { ...demandOf(spec, observed) };
}

const three = ['a', 'b', 'c'];

t.test('so many pods that each uses what is wished', (t) => {
  const pods = three.map((name) => pod(name));
  const each = (cpu: string) => three.map((name) => use(name, cpu));
  t.match(demand(pods, each('100m')), {
    replicas: 6,
    name: 'cpu resource utilization (percentage of request)',
    status: {
      type: 'Resource',
      resource: { name: 'cpu', current: { averageValue: '100m', averageUtilization: 100 } },
    },
  });
  t.equal(demand(pods, each('50m'))['replicas'], 3);
  t.equal(demand(pods, each('54m'))['replicas'], 3, 'within a tenth nothing is to do');
  t.equal(demand(pods, each('46m'))['replicas'], 3);
  t.equal(demand(pods, each('56m'))['replicas'], 4);
  t.equal(demand(pods, each('0'))['replicas'], 0, 'the bounds are for others to see');
  t.equal(demand(pods, [use('a', '150m'), use('b', '0'), use('c', '0')])['replicas'], 3);
  t.end();
});

t.test('amounts may be wished instead of shares, and of one container', (t) => {
  const pods = three.map((name) => pod(name, { request: '' }));
  const target = { type: 'AverageValue', averageValue: '25Mi' };
  const memory = { type: 'Resource', resource: { name: 'memory', target } };
  const uses = three.map((name) => use(name, '1m', '50Mi'));
  t.match(demand(pods, uses, memory), {
    replicas: 6,
    name: 'memory resource',
    status: { resource: { current: { averageValue: '50Mi' } } },
  });
  const one = {
    type: 'ContainerResource',
    containerResource: {
      name: 'cpu',
      container: 'a',
      target: { type: 'AverageValue', averageValue: '1m' },
    },
  };
  t.match(demand(pods, uses, one), {
    replicas: 3,
    status: { containerResource: { container: 'a' } },
  });
  const other = { ...one, containerResource: { ...one.containerResource, container: 'b' } };
  t.match(demand(pods, uses, other), { reason: 'FailedGetResourceMetric' });
  t.end();
});

t.test('of pods that nothing is known of the worse is thought', (t) => {
  const pods = three.map((name) => pod(name));
  t.equal(demand(pods, [use('a', '10m')])['replicas'], 3, 'the silent ones may be busy');
  t.equal(demand(pods, [use('a', '300m')])['replicas'], 6, 'or idle: 300 of 150');
  t.equal(demand(pods, [use('a', '150m')])['replicas'], 3, 'then these are enough');
  const young = [pod('a'), pod('b', { startedAgo: 60, ready: false }), pod('c')];
  const busy = three.map((name) => use(name, '100m'));
  t.equal(demand(young, busy)['replicas'], 4, 'one that starts adds none');
  const pending = [pod('a'), pod('b', { phase: 'Pending' }), pod('c')];
  t.equal(demand(pending, [use('a', '5m'), use('c', '5m')])['replicas'], 1);
  t.equal(demand([pod('a'), pod('b', { phase: 'Failed' })], [use('a', '50m')])['replicas'], 2);
  t.end();
});

t.test('what cannot be said is told', (t) => {
  const pods = [pod('a', { request: '' })];
  t.same(demand(pods, [use('a', '5m')]), {
    reason: 'FailedGetResourceMetric',
    message: 'missing request for cpu in container a of Pod a in namespace default',
  });
  t.match(demand([pod('a')], []), {
    reason: 'FailedGetResourceMetric',
    message: /no metrics returned from resource metrics API/,
  });
  t.match(demand([pod('a')], [use('a', '5m')], { type: 'External' }), {
    reason: 'InvalidMetricSourceType',
  });
  t.end();
});

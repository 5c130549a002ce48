import t from 'tap';
import { DomainError } from '../../../src/base/error.ts';
import type { Metric, PodSandboxMetrics } from '../../../src/cri/generated/runtime.ts';
import { runtimeMetrics } from '../../../src/kubelet/statistics/runtime-metrics.ts';

function metric(name: string, label_values: string[], value: number): Metric {
  return {
    name,
    timestamp: 1_700_000_000_123e6,
    metric_type: 0,
    label_values,
    value: { value },
  };
}

function measuring(pods: readonly PodSandboxMetrics[]) {
  const descriptors = [
    { name: 'container_threads', help: 'All\nthreads', label_keys: ['id', 'container'] },
    { name: 'container_rss', help: 'Memory', label_keys: ['id'] },
    { name: 'not a name', help: '', label_keys: [] },
    { name: 'odd_keys', help: 'x', label_keys: ['id', 'a-b'] },
  ];
  return { metricDescriptors: async () => descriptors, podMetrics: async () => pods };
}

function refuse(kind: 'unsupported' | 'unavailable'): () => Promise<never> {
  return async () => Promise.reject(new DomainError(kind, 'no'));
}

t.test('what the runtime measures is told, once a family and in one line each', async (t) => {
  const text = await runtimeMetrics(
    measuring([
      {
        pod_sandbox_id: 'p',
        metrics: [
          metric('container_threads', ['/p', 'POD'], 1),
          metric('container_rss', ['/p'], 9),
        ],
        container_metrics: [
          {
            container_id: 'c',
            metrics: [
              metric('container_threads', ['/p/c', 'a"b\nc'], 3),
              metric('not a name', [], 1),
              metric('never_described', [], 1),
              metric('odd_keys', ['/p/c', 'x'], 4),
            ],
          },
        ],
      },
    ]),
    new Set(['container_rss']),
  );
  t.equal(
    text,
    `# HELP container_threads All threads
# TYPE container_threads counter
container_threads{id="/p",container="POD"} 1 1700000000123
container_threads{id="/p/c",container="a\\"b\\nc"} 3 1700000000123
# HELP odd_keys x
# TYPE odd_keys counter
odd_keys{id="/p/c"} 4 1700000000123
`,
  );
});

t.test('a runtime that measures nothing is no failure, one that fails is', async (t) => {
  const none = { metricDescriptors: refuse('unsupported'), podMetrics: refuse('unsupported') };
  t.equal(await runtimeMetrics(none, new Set()), '');
  const away = { metricDescriptors: refuse('unavailable'), podMetrics: refuse('unavailable') };
  await t.rejects(runtimeMetrics(away, new Set()), { message: 'no' });
});

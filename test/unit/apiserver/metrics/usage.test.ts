import t from 'tap';
import { readNodeSample, type Reading } from '../../../../src/apiserver/metrics/node-sample.ts';
import { usageOf } from '../../../../src/apiserver/metrics/usage.ts';

const text = `# HELP container_cpu_usage_seconds_total Cpu time
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="a",namespace="default",pod="web"} 12.5 1700000000500
container_cpu_usage_seconds_total{container="b",namespace="default",pod="web"} 0.25 1700000000600
container_memory_working_set_bytes{container="a",namespace="default",pod="web"} 1.048576e+06 1700
container_start_time_seconds{container="a",namespace="default",pod="web"} 1.69999999e+09
container_swap_usage_bytes{container="a",namespace="default",pod="web"} 7
node_cpu_usage_seconds_total 100 1700000000000
node_memory_working_set_bytes 2048
resource_scrape_error 0
`;

function reading(more: Partial<Reading>): Reading {
  const whole = { atMs: 100_000, cpuSeconds: 10, memoryBytes: 1024, startedAtMs: 0 };
  return { ...whole, ...more };
}

t.test("a kubelet's counters are read by container, with the time they were taken", (t) => {
  const { node, pods } = readNodeSample(text, 5);
  t.match(node, { atMs: 1_700_000_000_000, cpuSeconds: 100, memoryBytes: 2048 });
  t.same([...pods.keys()], ['default/web']);
  t.same(pods.get('default/web')?.get('a'), {
    atMs: 1_700_000_000_500,
    cpuSeconds: 12.5,
    memoryBytes: 1_048_576,
    startedAtMs: 1_699_999_990_000,
  });
  t.match(pods.get('default/web')?.get('b'), { cpuSeconds: 0.25, memoryBytes: undefined });
  t.end();
});

t.test('damaged and foreign lines are left out', (t) => {
  const lines = [
    'node_cpu_usage_seconds_total NaN',
    'node_memory_working_set_bytes -1',
    'node_memory_working_set_bytes +Inf',
    'container_cpu_usage_seconds_total{container="a"} 1',
    'container_cpu_usage_seconds_total{container="a",namespace="n",pod="p" 1',
    'container_cpu_usage_seconds_total 1',
    'other_seconds_total{container="a",namespace="n",pod="p"} 1',
    '}{',
  ];
  const { node, pods } = readNodeSample(lines.join('\n'), 5);
  t.same(node, { atMs: 5, cpuSeconds: undefined, memoryBytes: undefined, startedAtMs: undefined });
  t.equal(pods.size, 0);
  t.end();
});

t.test('a share of a processor is the mean between two readings', (t) => {
  const before = reading({ atMs: 90_000, cpuSeconds: 5 });
  t.same(usageOf([before, reading({})]), {
    atMs: 100_000,
    windowMs: 10_000,
    cpu: '500m',
    memory: '1Ki',
  });
  t.equal(usageOf([before, reading({ cpuSeconds: 5 })])?.cpu, '0');
  t.equal(usageOf([reading({ atMs: 90_000, cpuSeconds: 9.99 }), reading({})])?.cpu, '1m');
  t.end();
});

t.test('what was just started counts from its beginning', (t) => {
  const fresh = reading({ cpuSeconds: 1, startedAtMs: 98_000 });
  t.match(usageOf([fresh]), { windowMs: 2000, cpu: '500m' });
  const old = reading({ atMs: 90_000, cpuSeconds: 900, startedAtMs: 1000 });
  t.match(usageOf([old, fresh]), { windowMs: 2000, cpu: '500m' }, 'also when it was there before');
  t.equal(usageOf([reading({ startedAtMs: 99_900 })]), undefined, 'too young');
  t.end();
});

t.test('without a second reading nothing is said', (t) => {
  t.equal(usageOf([]), undefined);
  t.equal(usageOf([reading({ startedAtMs: -1e9 })]), undefined);
  t.equal(usageOf([reading({ atMs: 99_900, cpuSeconds: 9 }), reading({})])?.cpu, '100m');
  const counters = [reading({ atMs: 90_000, cpuSeconds: 11, startedAtMs: undefined })];
  t.equal(usageOf([...counters, reading({ startedAtMs: undefined })]), undefined, 'ran backwards');
  t.equal(usageOf([reading({ cpuSeconds: undefined })]), undefined);
  t.end();
});

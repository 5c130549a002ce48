import type { Pressure } from '../../cgroup/pressure.ts';
import { limit, type Metric, type MetricSource, one, seconds } from './metric.ts';

/** CPU, memory, pressure and huge pages. */
export const resourceMetrics: readonly Metric[] = [
  counter('cpu_cfs_periods_total', 'Number of elapsed enforcement period intervals', (source) =>
    one(source.statistics.cpu.periods),
  ),
  counter('cpu_cfs_throttled_periods_total', 'Number of throttled period intervals', (source) =>
    one(source.statistics.cpu.throttledPeriods),
  ),
  counter('cpu_cfs_throttled_seconds_total', 'Time that was throttled, in seconds', (source) =>
    seconds(source.statistics.cpu.throttledMicroseconds),
  ),
  counter('cpu_system_seconds_total', 'CPU time in the kernel, in seconds', (source) =>
    seconds(source.statistics.cpu.systemMicroseconds),
  ),
  {
    ...counter('cpu_usage_seconds_total', 'CPU time, in seconds', (source) =>
      seconds(source.statistics.cpu.usageMicroseconds).map((item) => ({
        ...item,
        labels: ['total'],
      })),
    ),
    labels: ['cpu'],
  },
  counter('cpu_user_seconds_total', 'CPU time of programs, in seconds', (source) =>
    seconds(source.statistics.cpu.userMicroseconds),
  ),
  gauge('memory_cache', 'Bytes of page cache', detail('file')),
  counter('memory_failcnt', 'How often usage met the limit', (source) =>
    one(source.statistics.memory?.events.max),
  ),
  {
    ...counter('memory_failures_total', 'Page faults', pageFaults),
    labels: ['failure_type', 'scope'],
  },
  gauge('memory_kernel_usage', 'Bytes of the kernel', detail('kernel')),
  gauge('memory_mapped_file', 'Bytes of mapped files', detail('file_mapped')),
  gauge('memory_max_usage_bytes', 'Most bytes in use so far', (source) =>
    one(source.statistics.memory?.peakBytes),
  ),
  gauge('memory_rss', 'Bytes of anonymous memory', detail('anon')),
  gauge('memory_swap', 'Bytes in swap', (source) => one(source.statistics.memory?.swapBytes)),
  gauge('memory_usage_bytes', 'Bytes in use, with all caches', (source) =>
    one(source.statistics.memory?.currentBytes),
  ),
  gauge('memory_working_set_bytes', 'Bytes that cannot be given up at once', (source) =>
    one(source.statistics.memory?.workingSetBytes),
  ),
  counter('oom_events_total', 'Processes killed for the memory limit', (source) =>
    one(source.statistics.memory?.events.oomKill),
  ),
  ...(['cpu', 'io', 'memory'] as const).flatMap((resource) => [
    pressure(resource, 'stalled', 'full'),
    pressure(resource, 'waiting', 'some'),
  ]),
  hugePages('hugetlb_max_usage_bytes', 'Most bytes of huge pages so far'),
  hugePages('hugetlb_usage_bytes', 'Bytes of huge pages in use'),
];

/** The limits that a container was given. */
export const specMetrics: readonly Metric[] = [
  gauge('spec_cpu_period', 'CPU period, in microseconds', ({ spec }) =>
    spec === undefined ? [] : one(spec.linux?.resources?.cpu?.period ?? 100_000),
  ),
  gauge('spec_cpu_quota', 'CPU quota, in microseconds of each period', ({ spec }) => {
    const quota = spec?.linux?.resources?.cpu?.quota ?? 0;
    return quota > 0 ? one(quota) : [];
  }),
  gauge('spec_cpu_shares', 'CPU shares', ({ spec }) =>
    spec === undefined ? [] : one(spec.linux?.resources?.cpu?.shares ?? 1024),
  ),
  gauge('spec_memory_limit_bytes', 'Memory limit', ({ spec }) =>
    spec === undefined ? [] : limit(spec.linux?.resources?.memory?.limit ?? 0),
  ),
  gauge('spec_memory_reservation_limit_bytes', 'Memory reservation', ({ spec }) =>
    spec === undefined ? [] : limit(spec.linux?.resources?.memory?.reservation ?? 0),
  ),
  gauge('spec_memory_swap_limit_bytes', 'Limit of memory and swap', ({ spec }) =>
    spec === undefined ? [] : limit(spec.linux?.resources?.memory?.swap ?? 0),
  ),
];

export function counter(name: string, help: string, values: Metric['values']): Metric {
  return { name: `container_${name}`, help, type: 'counter', values };
}

export function gauge(name: string, help: string, values: Metric['values']): Metric {
  return { name: `container_${name}`, help, type: 'gauge', values };
}

/** A line of `memory.stat`. */
function detail(key: string): Metric['values'] {
  return ({ statistics }) => one(statistics.memory?.details[key]);
}

/** cAdvisor tells a container's own from those of groups below; the kernel counts both as one. */
function pageFaults({ statistics }: MetricSource): ReturnType<Metric['values']> {
  const details = statistics.memory?.details;
  if (details === undefined) return [];
  return ['pgfault', 'pgmajfault'].flatMap((type) =>
    ['container', 'hierarchy'].map((scope) => ({
      value: details[type] ?? 0,
      labels: [type, scope],
    })),
  );
}

function pressure(
  resource: 'cpu' | 'io' | 'memory',
  word: 'stalled' | 'waiting',
  part: keyof Pressure,
): Metric {
  const who = word === 'stalled' ? 'all tasks' : 'some task';
  return counter(
    `pressure_${resource}_${word}_seconds_total`,
    `Time in which ${who} waited for ${resource}, in seconds`,
    ({ statistics }) => seconds(statistics.pressure[resource]?.[part]?.totalMicroseconds),
  );
}

/** The kernel keeps no peak of huge pages in cgroup v2; cAdvisor shows the usage for both. */
function hugePages(name: string, help: string): Metric {
  return { ...gauge(name, help, hugePagesInUse), labels: ['pagesize'] };
}

function hugePagesInUse({ statistics }: MetricSource): ReturnType<Metric['values']> {
  return Object.entries(statistics.hugetlb).map(([size, { currentBytes }]) => ({
    value: currentBytes,
    labels: [size],
  }));
}

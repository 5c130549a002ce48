import t from 'tap';
import type { MetricSource } from '../../../../src/cri/statistics/metric.ts';
import {
  resourceMetrics,
  specMetrics,
} from '../../../../src/cri/statistics/metrics-of-resources.ts';
import {
  fileSystemMetrics,
  networkMetrics,
  processMetrics,
} from '../../../../src/cri/statistics/metrics-of-use.ts';
import { readProcessFacts } from '../../../../src/cri/container/process-facts.ts';
import { statistics } from './statistics.ts';

const all = [
  ...resourceMetrics,
  ...specMetrics,
  ...fileSystemMetrics,
  ...networkMetrics,
  ...processMetrics,
];

/** What a kubelet shows of cAdvisor, and drops where a runtime does not describe it. */
const expected = `
blkio_device_usage_total cpu_cfs_periods_total cpu_cfs_throttled_periods_total
cpu_cfs_throttled_seconds_total cpu_system_seconds_total cpu_usage_seconds_total
cpu_user_seconds_total file_descriptors fs_inodes_free fs_inodes_total fs_limit_bytes
fs_reads_bytes_total fs_reads_total fs_usage_bytes fs_writes_bytes_total fs_writes_total
hugetlb_max_usage_bytes hugetlb_usage_bytes last_seen memory_cache memory_failcnt
memory_failures_total memory_kernel_usage memory_mapped_file memory_max_usage_bytes memory_rss
memory_swap memory_usage_bytes memory_working_set_bytes network_receive_bytes_total
network_receive_errors_total network_receive_packets_dropped_total network_receive_packets_total
network_transmit_bytes_total network_transmit_errors_total network_transmit_packets_dropped_total
network_transmit_packets_total oom_events_total pressure_cpu_stalled_seconds_total
pressure_cpu_waiting_seconds_total pressure_io_stalled_seconds_total
pressure_io_waiting_seconds_total pressure_memory_stalled_seconds_total
pressure_memory_waiting_seconds_total processes sockets spec_cpu_period spec_cpu_quota
spec_cpu_shares spec_memory_limit_bytes spec_memory_reservation_limit_bytes
spec_memory_swap_limit_bytes start_time_seconds threads threads_max ulimits_soft`
  .trim()
  .split(/\s+/)
  .map((name) => `container_${name}`);

const source: MetricSource = {
  statistics: statistics(),
  processes: readProcessFacts([process.pid]),
  startedAtMs: 1_600_000_000_999,
  layer: { atMs: 0, bytes: 77, inodes: 3 },
  fileSystem: {
    type: 0,
    bsize: 4096,
    frsize: 4096,
    blocks: 10,
    bfree: 5,
    bavail: 5,
    files: 100,
    ffree: 60,
    device: '/dev/vda1',
  },
  interfaces: [
    {
      name: 'eth0',
      receivedPackets: 1,
      sentPackets: 2,
      receivedBytes: 3,
      sentBytes: 4,
      receiveErrors: 5,
      sendErrors: 6,
      receiveDrops: 7,
      sendDrops: 8,
    },
  ],
  spec: {
    ociVersion: '1.3.0',
    linux: {
      resources: {
        cpu: { shares: 512, quota: 20_000, period: 50_000 },
        memory: { limit: 64, swap: 128, reservation: 32 },
      },
    },
  },
};

const valueOf = new Map(all.map(({ name, values }) => [name, values(source)]));
function first(name: string): number | undefined {
  return valueOf.get(`container_${name}`)?.[0]?.value;
}

function find(name: string): (typeof all)[number] | undefined {
  return all.find((metric) => metric.name === `container_${name}`);
}

t.test('all 56 names are described, with help, each once', (t) => {
  t.same(all.map(({ name }) => name).toSorted(), expected.toSorted());
  t.equal(expected.length, 56);
  for (const { name, help } of all) t.ok(help.length > 0, name);
  t.end();
});

t.test('every metric has a value where the kernel tells all, with its labels', (t) => {
  for (const { name, labels = [], values } of all) {
    // Nobody waits for the CPU as a whole: there is always some task that runs.
    if (name === 'container_pressure_cpu_stalled_seconds_total') continue;
    const found = values(source);
    t.ok(found.length > 0, name);
    for (const item of found) {
      t.equal(item.labels?.length ?? 0, labels.length, `labels of ${name}`);
      t.ok(Number.isSafeInteger(item.value) && item.value >= 0, `${name} is ${item.value}`);
    }
  }
  t.end();
});

t.test('values are those of the kernel, in the units that the names say', (t) => {
  t.equal(first('cpu_usage_seconds_total'), 12);
  t.equal(first('cpu_cfs_throttled_seconds_total'), 2);
  t.equal(first('pressure_memory_stalled_seconds_total'), 4);
  t.equal(first('memory_max_usage_bytes'), 2000);
  t.equal(first('memory_failcnt'), 6);
  t.equal(first('oom_events_total'), 1);
  t.equal(first('fs_limit_bytes'), 40_960);
  t.equal(first('fs_usage_bytes'), 77);
  t.equal(first('fs_writes_total'), 4);
  t.equal(first('network_transmit_packets_dropped_total'), 8);
  t.equal(first('spec_cpu_quota'), 20_000);
  t.equal(first('spec_memory_swap_limit_bytes'), 128);
  t.equal(first('start_time_seconds'), 1_600_000_000);
  t.equal(first('threads_max'), 100);
  t.same(valueOf.get('container_hugetlb_usage_bytes'), [{ value: 2_097_152, labels: ['2MB'] }]);
  t.same(valueOf.get('container_blkio_device_usage_total')?.[1], {
    value: 2,
    labels: ['254:9999', '254', '9999', 'Write'],
  });
  t.same(
    valueOf.get('container_memory_failures_total')?.map(({ labels }) => labels?.join(' ')),
    ['pgfault container', 'pgfault hierarchy', 'pgmajfault container', 'pgmajfault hierarchy'],
  );
  t.end();
});

t.test('what no controller counts is absent, and no limit is 0', (t) => {
  const { memory: _, io: __, pids: ___, ...rest } = statistics();
  const poor = {
    ...source,
    spec: { ociVersion: '1.3.0' },
    statistics: { ...rest, memory: undefined, io: undefined, pids: undefined },
  };
  for (const name of ['memory_rss', 'memory_failcnt', 'fs_reads_total', 'spec_cpu_quota']) {
    t.same(find(name)?.values(poor), [], name);
  }
  t.same(find('threads_max')?.values(poor), [{ value: 0 }]);
  t.same(find('spec_memory_limit_bytes')?.values(poor), [{ value: 0 }]);
  t.end();
});

t.test('processes are counted with what they have open', (t) => {
  const { processes, threads, fileDescriptors, openFilesLimit } = source.processes;
  t.equal(processes, 1);
  t.ok(threads > 1, 'Node has threads');
  t.ok(fileDescriptors > 2);
  t.ok(openFilesLimit === undefined || openFilesLimit > 0);
  t.same(readProcessFacts([2 ** 22 + 1]), {
    processes: 0,
    threads: 0,
    fileDescriptors: 0,
    sockets: 0,
    openFilesLimit: undefined,
  });
  t.end();
});

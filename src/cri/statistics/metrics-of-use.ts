import { readFileSync } from 'node:fs';
import type { IoStatistics } from '../../cgroup/statistics.ts';
import { hasCode } from '../../base/error.ts';
import { limit, type Metric, type MetricSource, type MetricValue, one } from './metric.ts';
import { counter, gauge } from './metrics-of-resources.ts';
import type { InterfaceCounters } from './statistics.ts';

/** Block devices and the file system of the writable layer. */
export const fileSystemMetrics: readonly Metric[] = [
  {
    ...counter('blkio_device_usage_total', 'Bytes that passed to and from a device', deviceUsage),
    labels: ['device', 'major', 'minor', 'operation'],
  },
  onFileSystem('fs_inodes_free', 'Free inodes', ({ fileSystem }) => fileSystem?.ffree),
  onFileSystem('fs_inodes_total', 'Inodes', ({ fileSystem }) => fileSystem?.files),
  onFileSystem('fs_limit_bytes', 'Bytes of the file system', ({ fileSystem }) =>
    fileSystem === undefined ? undefined : fileSystem.blocks * fileSystem.bsize,
  ),
  onFileSystem('fs_usage_bytes', 'Bytes of the writable layer', ({ layer }) => layer?.bytes),
  onDevice('fs_reads_bytes_total', 'Bytes read', ({ readBytes }) => readBytes),
  onDevice('fs_reads_total', 'Reads completed', ({ readOperations }) => readOperations),
  onDevice('fs_writes_bytes_total', 'Bytes written', ({ writeBytes }) => writeBytes),
  onDevice('fs_writes_total', 'Writes completed', ({ writeOperations }) => writeOperations),
];

/** The pod's interfaces. */
export const networkMetrics: readonly Metric[] = [
  onInterface('receive_bytes_total', 'Bytes received', (item) => item.receivedBytes),
  onInterface('receive_errors_total', 'Errors when receiving', (item) => item.receiveErrors),
  onInterface(
    'receive_packets_dropped_total',
    'Packets dropped when receiving',
    (item) => item.receiveDrops,
  ),
  onInterface('receive_packets_total', 'Packets received', (item) => item.receivedPackets),
  onInterface('transmit_bytes_total', 'Bytes sent', (item) => item.sentBytes),
  onInterface('transmit_errors_total', 'Errors when sending', (item) => item.sendErrors),
  onInterface(
    'transmit_packets_dropped_total',
    'Packets dropped when sending',
    (item) => item.sendDrops,
  ),
  onInterface('transmit_packets_total', 'Packets sent', (item) => item.sentPackets),
];

/** Processes, and the times of the container itself. */
export const processMetrics: readonly Metric[] = [
  gauge('file_descriptors', 'Open file descriptors', ({ processes }) =>
    one(processes.fileDescriptors),
  ),
  gauge('processes', 'Processes', ({ processes }) => one(processes.processes)),
  gauge('sockets', 'Open sockets', ({ processes }) => one(processes.sockets)),
  gauge('threads', 'Threads', ({ processes }) => one(processes.threads)),
  gauge('threads_max', 'Limit of threads; 0 for none', ({ statistics }) =>
    limit(statistics.pids?.limit ?? 0),
  ),
  {
    ...gauge('ulimits_soft', 'Soft limits of the first process', ({ processes }) =>
      one(processes.openFilesLimit).map((item) => ({ ...item, labels: ['max_open_files'] })),
    ),
    labels: ['ulimit'],
  },
  gauge('last_seen', 'When it was looked at, in seconds since 1970', ({ statistics }) =>
    one(Math.floor(statistics.atMs / 1000)),
  ),
  gauge('start_time_seconds', 'When it was started, in seconds since 1970', ({ startedAtMs }) =>
    startedAtMs === 0 ? [] : one(Math.floor(startedAtMs / 1000)),
  ),
];

function deviceUsage({ statistics }: MetricSource): MetricValue[] {
  return Object.entries(statistics.io ?? {}).flatMap(([number, use]) => {
    const [major = '', minor = ''] = number.split(':');
    const device = deviceName(number);
    return [
      { value: use.readBytes, labels: [device, major, minor, 'Read'] },
      { value: use.writeBytes, labels: [device, major, minor, 'Write'] },
    ];
  });
}

function onFileSystem(
  name: string,
  help: string,
  value: (source: MetricSource) => number | undefined,
): Metric {
  const values: Metric['values'] = (source) =>
    one(value(source)).map((item) => ({ ...item, labels: [source.fileSystem?.device ?? ''] }));
  return { ...gauge(name, help, values), labels: ['device'] };
}

function onDevice(name: string, help: string, value: (use: IoStatistics) => number): Metric {
  const values: Metric['values'] = ({ statistics }) =>
    Object.entries(statistics.io ?? {}).map(([number, use]) => ({
      value: value(use),
      labels: [deviceName(number)],
    }));
  return { ...counter(name, help, values), labels: ['device'] };
}

function onInterface(
  name: string,
  help: string,
  value: (counters: InterfaceCounters) => number,
): Metric {
  const values: Metric['values'] = ({ interfaces = [] }) =>
    interfaces.map((item) => ({ value: value(item), labels: [item.name] }));
  return { ...counter(`network_${name}`, help, values), labels: ['interface'] };
}

const deviceNames = new Map<string, string>();

/** `/dev/sda` of `8:0`; the number itself where the device is gone. */
function deviceName(number: string): string {
  const known = deviceNames.get(number);
  if (known !== undefined) return known;
  const name = findDeviceName(number);
  // Numbers come from the kernel and are few; they are used again, so none is kept for long.
  if (deviceNames.size >= 256) deviceNames.clear();
  deviceNames.set(number, name);
  return name;
}

function findDeviceName(number: string): string {
  try {
    const text = readFileSync(`/sys/dev/block/${number}/uevent`, 'latin1');
    const name = /^DEVNAME=(.+)$/m.exec(text)?.[1];
    return name === undefined ? number : `/dev/${name}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return number;
    throw error;
  }
}

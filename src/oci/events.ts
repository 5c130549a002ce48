import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../base/error.ts';
import type { Cgroup } from '../cgroup/cgroup.ts';
import type { IoStatistics, Statistics } from '../cgroup/statistics.ts';
import type { Call } from './call.ts';
import { isAlive } from './process.ts';
import type { OciRecord } from './record.ts';

/** `events [--stats] [--interval 5s] ID`: JSON lines, until the container or the reader is gone. */
export async function events(call: Call): Promise<void> {
  const { record, status } = call.container();
  if (status === 'stopped') {
    throw new DomainError('conflict', `container with id ${record.id} is not running`);
  }
  using cgroup = call.context.hierarchy.open(record.cgroupPath);
  if (call.line.flags.on('stats')) writeStatistics(call, record, cgroup);
  else await follow(call, record, cgroup);
  call.client.exit(0);
}

async function follow(call: Call, record: OciRecord, cgroup: Cgroup): Promise<void> {
  const intervalMs = durationMs(call.line.flags.text('interval') ?? '5s');
  const stop = new AbortController();
  void call.client.ended.then(() => stop.abort());
  const watching = watchOom(call, record, { cgroup, stop });
  while (!stop.signal.aborted && isAlive(record.pid, record.startTime)) {
    await delay(intervalMs, undefined, { signal: stop.signal }).catch(() => undefined);
    if (!stop.signal.aborted && isAlive(record.pid, record.startTime)) {
      writeStatistics(call, record, cgroup);
    }
  }
  stop.abort();
  await watching;
}

async function watchOom(
  call: Call,
  record: OciRecord,
  { cgroup, stop }: { cgroup: Cgroup; stop: AbortController },
): Promise<void> {
  for await (const event of cgroup.events(stop.signal)) {
    if (event.kind === 'oomKill') write(call, { type: 'oom', id: record.id });
    // The first process's end is not always the last one's.
    if (event.kind === 'empty') stop.abort();
  }
}

function writeStatistics(call: Call, record: OciRecord, cgroup: Cgroup): void {
  const data = statisticsDocument(cgroup.statistics());
  write(call, { type: 'stats', id: record.id, data });
}

function write(call: Call, document: object): void {
  call.client.write(`${JSON.stringify(document)}\n`);
}

/** Go's `5s`, `500ms`, `1m`. */
function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const ms = Number(match?.[1] ?? 0) * (units[match?.[2] ?? ''] ?? 0);
  if (ms > 0) return Math.min(ms, 0x7fffffff);
  throw new DomainError('invalid', `duration interval must be greater than 0, not "${text}"`);
}

/** The document of runc's events; zero is left out where Go leaves it out. */
export function statisticsDocument(statistics: Statistics): object {
  const { cpu, pids, hugetlb } = statistics;
  return {
    cpu: {
      usage: filled({
        total: nanoseconds(cpu.usageMicroseconds),
        kernel: nanoseconds(cpu.systemMicroseconds),
        user: nanoseconds(cpu.userMicroseconds),
      }),
      throttling: filled({
        periods: cpu.periods,
        throttledPeriods: cpu.throttledPeriods,
        throttledTime: nanoseconds(cpu.throttledMicroseconds),
      }),
    },
    cpuset: {},
    memory: memoryDocument(statistics),
    pids: pids === undefined ? {} : filled({ current: pids.current, limit: finite(pids.limit) }),
    blkio: blockDocument(statistics.io ?? {}),
    hugetlb: Object.fromEntries(
      Object.entries(hugetlb).map(([size, { currentBytes, failures }]) => [
        size,
        { ...filled({ usage: currentBytes }), failcnt: failures },
      ]),
    ),
    intel_rdt: {},
    network_interfaces: null,
  };
}

function nanoseconds(microseconds: number): number {
  return microseconds * 1000;
}

function memoryDocument({ memory }: Statistics): object {
  if (memory === undefined) return { usage: { limit: 0, failcnt: 0 }, raw: {} };
  const { currentBytes, limitBytes, swapBytes = 0, swapLimitBytes = 0, details, events } = memory;
  const noLimit = 18_446_744_073_709_552_000;
  const limit = (bytes: number): number => (Number.isFinite(bytes) ? bytes : noLimit);
  return {
    ...filled({ cache: details['file'] ?? 0 }),
    usage: {
      limit: limit(limitBytes),
      ...filled({ usage: currentBytes, max: memory.peakBytes ?? 0 }),
      failcnt: events.max,
    },
    swap: { limit: limit(swapLimitBytes), ...filled({ usage: swapBytes }), failcnt: 0 },
    kernel: { limit: 0, failcnt: 0 },
    kernelTCP: { limit: 0, failcnt: 0 },
    raw: details,
  };
}

const operations: readonly (readonly [
  op: string,
  bytes: keyof IoStatistics,
  count: keyof IoStatistics,
])[] = [
  ['Read', 'readBytes', 'readOperations'],
  ['Write', 'writeBytes', 'writeOperations'],
];

function blockDocument(devices: Readonly<Record<string, IoStatistics>>): object {
  const entries = Object.entries(devices).flatMap(([device, values]) =>
    operations.map(([op, bytes, count]) => {
      const [major, minor] = device.split(':').map(Number);
      return { place: filled({ major: major ?? 0, minor: minor ?? 0 }), op, values, bytes, count };
    }),
  );
  if (entries.length === 0) return {};
  return {
    ioServiceBytesRecursive: entries.map(({ place, op, values, bytes }) => ({
      ...place,
      op,
      ...filled({ value: values[bytes] }),
    })),
    ioServicedRecursive: entries.map(({ place, op, values, count }) => ({
      ...place,
      op,
      ...filled({ value: values[count] }),
    })),
  };
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function filled(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}

import type { Command } from 'commander';
import { totalmem } from 'node:os';
import { Containers, type Sample } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { formatMemory, formatSize, shortId } from '../format.ts';
import { type ListingFlags, renderListing } from '../listing.ts';

interface Flags extends ListingFlags {
  readonly stream: boolean;
}

const columns = [
  { title: 'CONTAINER ID', field: 'ID' },
  { title: 'NAME', field: 'Name' },
  { title: 'CPU %', field: 'CPUPerc' },
  { title: 'MEM USAGE / LIMIT', field: 'MemUsage' },
  { title: 'MEM %', field: 'MemPerc' },
  { title: 'NET I/O', field: 'NetIO' },
  { title: 'BLOCK I/O', field: 'BlockIO' },
  { title: 'PIDS', field: 'PIDs' },
  { title: 'CPU/MEM/IO PRESSURE', field: 'Pressure' },
];

export function define(command: Command, cli: Cli): void {
  command
    .option('--no-stream', 'once')
    .option('--format <format>', 'json, table, or a template')
    .option('-o, --output <format>', 'json or table')
    .argument('[container...]', 'all that run by default')
    .action((names: readonly string[], flags: Flags) => show(cli, names, flags));
}

/** Processor use is the difference of two samples, so the first one is not shown. */
async function show(cli: Cli, names: readonly string[], flags: Flags): Promise<void> {
  let before = new Map<string, Sample>();
  const request = { containers: names, once: false };
  for await (const { samples } of cli.client.answers(Containers.Stats, request)) {
    const now = new Map(samples.map((sample) => [sample.id, sample]));
    if (before.size > 0 || samples.length === 0) {
      const rows = samples.map((sample) => rowOf(sample, before.get(sample.id)));
      const clear = process.stdout.isTTY && flags.stream ? '\x1b[H\x1b[2J' : '';
      await cli.print(clear + renderListing(rows, columns, flags));
      if (!flags.stream) return;
    }
    before = now;
  }
}

/** Dashes stand for what the machine's cgroup controllers do not count. */
function rowOf(sample: Sample, before: Sample | undefined): Record<string, string> {
  const counted = (name: string): boolean => !sample.missing.includes(name);
  const limit = sample.memory_limit_bytes === 0 ? totalmem() : sample.memory_limit_bytes;
  const usage = sample.memory_bytes;
  const pressure = {
    CPUPressure: counted('cpu.pressure') ? waited(sample.cpu_pressure) : '--',
    MemPressure: counted('memory.pressure') ? waited(sample.memory_pressure) : '--',
    IOPressure: counted('io.pressure') ? waited(sample.io_pressure) : '--',
  };
  return {
    ID: shortId(sample.id),
    Name: sample.name,
    CPUPerc: counted('cpu') ? cpuPercent(sample, before) : '--',
    MemUsage: counted('memory') ? `${formatMemory(usage)} / ${formatMemory(limit)}` : '-- / --',
    MemPerc: counted('memory') ? `${((usage / limit) * 100).toFixed(2)}%` : '--',
    NetIO: counted('network')
      ? `${formatSize(sample.received_bytes)} / ${formatSize(sample.sent_bytes)}`
      : '-- / --',
    BlockIO: counted('io')
      ? `${formatSize(sample.read_bytes)} / ${formatSize(sample.written_bytes)}`
      : '-- / --',
    PIDs: counted('pids') ? String(sample.processes) : '--',
    ...pressure,
    Pressure: Object.values(pressure).join(' / '),
  };
}

/** The part of the last ten seconds in which some process waited. */
function waited(hundredths: number): string {
  return `${(hundredths / 100).toFixed(2)}%`;
}

/** Of one processor: two full ones are 200 %. */
function cpuPercent(sample: Sample, before: Sample | undefined): string {
  if (before === undefined || sample.at <= before.at) return '0.00%';
  const used = sample.cpu_nanoseconds - before.cpu_nanoseconds;
  return `${((used / (sample.at - before.at)) * 100).toFixed(2)}%`;
}

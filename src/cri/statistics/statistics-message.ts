import type { Pressure, PressureTimes } from '../../cgroup/pressure.ts';
import type {
  CpuUsage,
  IoUsage,
  MemoryUsage,
  NetworkInterfaceUsage,
  NetworkUsage,
  ProcessUsage,
  PsiStats,
  SwapUsage,
} from '../generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';
import { residentBytes } from './resident-memory.ts';
import { nanoseconds } from '../selection.ts';
import type { InterfaceCounters, Statistics } from './statistics.ts';

export function cpuMessage(statistics: Statistics, nanoCores: number | undefined): Draft<CpuUsage> {
  return {
    timestamp: nanoseconds(statistics.atMs),
    usage_core_nano_seconds: { value: statistics.cpu.usageMicroseconds * 1000 },
    usage_nano_cores: nanoCores === undefined ? undefined : { value: nanoCores },
    psi: pressureMessage(statistics.pressure.cpu),
  };
}

/** Without the memory controller: what the processes hold, which is the greatest part. */
export function memoryMessage(statistics: Statistics): Draft<MemoryUsage> {
  const { memory, processIds, atMs } = statistics;
  const timestamp = nanoseconds(atMs);
  const psi = pressureMessage(statistics.pressure.memory);
  if (memory === undefined) {
    const value = residentBytes(processIds);
    const same = { value };
    return { timestamp, working_set_bytes: same, usage_bytes: same, rss_bytes: same, psi };
  }
  const { workingSetBytes, currentBytes, limitBytes, details } = memory;
  return {
    timestamp,
    working_set_bytes: { value: workingSetBytes },
    usage_bytes: { value: currentBytes },
    rss_bytes: { value: details['anon'] ?? 0 },
    page_faults: { value: details['pgfault'] ?? 0 },
    major_page_faults: { value: details['pgmajfault'] ?? 0 },
    available_bytes: Number.isFinite(limitBytes)
      ? { value: Math.max(0, limitBytes - workingSetBytes) }
      : undefined,
    psi,
  };
}

export function swapMessage({ memory, atMs }: Statistics): Draft<SwapUsage> | undefined {
  if (memory?.swapBytes === undefined) return undefined;
  const { swapBytes, swapLimitBytes = Number.POSITIVE_INFINITY } = memory;
  return {
    timestamp: nanoseconds(atMs),
    swap_usage_bytes: { value: swapBytes },
    swap_available_bytes: Number.isFinite(swapLimitBytes)
      ? { value: Math.max(0, swapLimitBytes - swapBytes) }
      : undefined,
  };
}

export function ioMessage({ pressure, atMs }: Statistics): Draft<IoUsage> | undefined {
  const psi = pressureMessage(pressure.io);
  return psi === undefined ? undefined : { timestamp: nanoseconds(atMs), psi };
}

export function processMessage({ processIds, atMs }: Statistics): Draft<ProcessUsage> {
  return { timestamp: nanoseconds(atMs), process_count: { value: processIds.length } };
}

/** The first interface is the default one, as it is the one that the pod's address is on. */
export function networkMessage(
  counters: readonly InterfaceCounters[],
): Draft<NetworkUsage> | undefined {
  if (counters.length === 0) return undefined;
  const own = counters.find(({ name }) => name === 'eth0') ?? counters[0];
  return {
    timestamp: nanoseconds(Date.now()),
    default_interface: own === undefined ? undefined : interfaceMessage(own),
    interfaces: counters.filter((item) => item !== own).map(interfaceMessage),
  };
}

function interfaceMessage(counters: InterfaceCounters): Draft<NetworkInterfaceUsage> {
  return {
    name: counters.name,
    rx_bytes: { value: counters.receivedBytes },
    rx_errors: { value: counters.receiveErrors },
    tx_bytes: { value: counters.sentBytes },
    tx_errors: { value: counters.sendErrors },
  };
}

function pressureMessage(pressure: Pressure | undefined): Draft<PsiStats> | undefined {
  if (pressure === undefined) return undefined;
  return {
    Some: timesMessage(pressure.some),
    Full: pressure.full === undefined ? undefined : timesMessage(pressure.full),
  };
}

/** The message counts nanoseconds where the kernel counts microseconds. */
function timesMessage(times: PressureTimes): Draft<NonNullable<PsiStats['Some']>> {
  return {
    Total: times.totalMicroseconds * 1000,
    Avg10: times.last10Seconds,
    Avg60: times.last60Seconds,
    Avg300: times.last300Seconds,
  };
}

import {
  formatQuantity,
  milliValue,
  parseQuantity,
  type QuantityFormat,
  wholeValue,
} from '../../api/quantity.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { PodsShare } from '../pod/class-resources.ts';
import type { Machine } from './machine.ts';
import { thresholdOf } from './threshold.ts';

export type NodeResources = ReadonlyMap<string, string>;

type Limits = Pick<
  KubeletConfiguration,
  | 'maxPods'
  | 'podsPerCore'
  | 'systemReserved'
  | 'kubeReserved'
  | 'evictionHard'
  | 'localStorageCapacityIsolation'
>;

/** What the machine has, by the names of resources. */
export function capacityOf(machine: Machine, configuration: Limits): NodeResources {
  const { processors, memoryBytes, storage, hugePages } = machine;
  const { maxPods, podsPerCore, localStorageCapacityIsolation } = configuration;
  const pods = podsPerCore > 0 ? Math.min(podsPerCore * processors, maxPods) : maxPods;
  return new Map([
    ['cpu', String(processors)],
    ...(localStorageCapacityIsolation
      ? [['ephemeral-storage', kibibytes(storage.capacityBytes)] as const]
      : []),
    ...[...hugePages].map(([size, bytes]) => [hugePageName(size), binary(bytes)] as const),
    ['memory', kibibytes(memoryBytes)],
    ['pods', String(pods)],
  ]);
}

/** What pods may have of it: without what is reserved and what eviction keeps free. */
export function allocatableOf(capacity: NodeResources, configuration: Limits): NodeResources {
  const { evictionHard } = configuration;
  const total = (name: string) => wholeValue(parseQuantity(capacity.get(name) ?? '0'));
  const kept = (signal: string, name: string) => {
    const text = evictionHard.get(signal);
    return text === undefined ? 0 : thresholdOf(text, total(name));
  };
  const huge = [...capacity.keys()].filter((name) => name.startsWith('hugepages-'));
  const hugeBytes = huge.reduce((sum, name) => sum + total(name), 0);
  const memory = kept('memory.available', 'memory') + hugeBytes;
  const storage = kept('nodefs.available', 'ephemeral-storage');
  return new Map(
    [...capacity].map(([name, amount]) => {
      if (name === 'cpu') return [name, remainingCpu(amount, configuration)];
      const reserved = reservedOf(configuration, name, wholeValue);
      if (name === 'memory') {
        const bytes = Math.max(0, total(name) - reserved - memory);
        return [name, bytes % 1024 === 0 ? kibibytes(bytes) : String(bytes)];
      }
      if (name === 'ephemeral-storage') {
        return [name, String(Math.max(0, total(name) - reserved - storage))];
      }
      if (reserved === 0) return [name, amount];
      return [name, format(Math.max(0, total(name) - reserved), 'decimal')];
    }),
  );
}

/** What all pods may use together: what is not reserved, with what eviction keeps free. */
export function podsShareOf(
  { processors, memoryBytes }: Pick<Machine, 'processors' | 'memoryBytes'>,
  configuration: Limits,
): PodsShare {
  const reserved = reservedOf(configuration, 'memory', wholeValue);
  return {
    milliCpu: Math.max(0, processors * 1000 - reservedOf(configuration, 'cpu', milliValue)),
    memoryBytes: Math.max(0, memoryBytes - reserved),
  };
}

function remainingCpu(amount: string, configuration: Limits): string {
  const reserved = reservedOf(configuration, 'cpu', milliValue);
  const milli = Math.max(0, milliValue(parseQuantity(amount)) - reserved);
  return formatQuantity({ nano: BigInt(milli) * 1_000_000n, format: 'decimal' });
}

function reservedOf(
  { systemReserved, kubeReserved }: Limits,
  name: string,
  value: (quantity: ReturnType<typeof parseQuantity>) => number,
): number {
  return [systemReserved, kubeReserved].reduce((sum, reserved) => {
    const text = reserved.get(name);
    return text === undefined ? sum : sum + value(parseQuantity(text));
  }, 0);
}

/** What others said the node has, `example.com/dongle`; Kubernetes' own names are ours to tell. */
export function isExtended(name: string): boolean {
  return /^[^/]+\/[^/]+$/.test(name) && !/^([^/]+\.)?kubernetes\.io\//.test(name);
}

function hugePageName(bytes: number): string {
  return `hugepages-${binary(bytes)}`;
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`;
}

function binary(bytes: number): string {
  return format(bytes, 'binary');
}

function format(amount: number, form: QuantityFormat): string {
  return formatQuantity({ nano: BigInt(amount) * 1_000_000_000n, format: form });
}

import { DomainError, messageOf } from '../base/error.ts';
import { codecOf, undoText, type Settings } from './setting.ts';

/** One interface file and the texts to write into it, one call each. */
export interface Write {
  readonly file: string;
  readonly texts: readonly string[];
}

/** Everything that the settings write, unordered. Throws DomainError `invalid`. */
export function writesOf(settings: Settings): Write[] {
  const { unified = {}, ...named } = settings;
  const writes = Object.entries(named)
    .filter(([, value]) => value !== undefined)
    .map(([file, value]) => typedWrite(file, value));
  const raw = Object.entries(unified).map(([file, text]) => rawWrite(file, text));
  // What `unified` says wins over a typed setting, as the OCI runtime specification wants it.
  const rawFiles = new Set(raw.map(({ file }) => file));
  return [...writes.filter(({ file }) => !rawFiles.has(file)), ...raw].filter(
    ({ texts }) => texts.length > 0,
  );
}

/** What brings the file back to the text that it had. */
export function undoOf({ file, texts }: Write, before: string): Write {
  return { file, texts: codecOf(file)?.undo(before, texts) ?? undoText(before, texts) };
}

/**
 * The order in which no write fails because of another, and in which the one that cannot be taken
 * back (a lower memory limit reclaims, and kills) comes last. `before` has present texts.
 */
export function inSafeOrder(
  writes: readonly Write[],
  before: ReadonlyMap<string, string>,
): Write[] {
  const order = [
    ...idleOrder(writes),
    ...bandwidthOrder(writes, before),
    'cpuset.mems',
    'cpuset.cpus',
    'cpuset.cpus.exclusive',
    'cpuset.cpus.partition',
  ];
  const memory = ['memory.swap.high', 'memory.swap.max', ...memoryOrder(writes, before)];
  const rank = (file: string): number => {
    if (memory.includes(file)) return order.length + 1 + memory.indexOf(file);
    return order.includes(file) ? order.indexOf(file) : order.length;
  };
  return writes.toSorted((a, b) => rank(a.file) - rank(b.file));
}

/** An idle cgroup takes no weight (EINVAL), so it is made idle after it or not idle before it. */
function idleOrder(writes: readonly Write[]): string[] {
  const idle = writes.find(({ file }) => file === 'cpu.idle')?.texts[0];
  const weights = ['cpu.weight', 'cpu.weight.nice'];
  return idle === '1' ? [...weights, 'cpu.idle'] : ['cpu.idle', ...weights];
}

/** The burst may never exceed the quota, not even between two writes. */
function bandwidthOrder(writes: readonly Write[], before: ReadonlyMap<string, string>): string[] {
  const quota = writes.find(({ file }) => file === 'cpu.max')?.texts[0] ?? 'max';
  const burst = Number(before.get('cpu.max.burst') ?? 0);
  const limit = Number.parseInt(quota, 10);
  return quota.startsWith('max') || burst <= limit
    ? ['cpu.max', 'cpu.max.burst']
    : ['cpu.max.burst', 'cpu.max'];
}

/** A guarantee never stands above its limit: limits rise first and fall last. */
function memoryOrder(writes: readonly Write[], before: ReadonlyMap<string, string>): string[] {
  const falling = ['memory.min', 'memory.low', 'memory.high', 'memory.max'];
  const next = writes.find(({ file }) => file === 'memory.max')?.texts[0];
  if (next === undefined) return falling;
  return bytesOf(next) >= bytesOf(before.get('memory.max') ?? 'max')
    ? falling.toReversed()
    : falling;
}

function bytesOf(text: string): number {
  return text.trim() === 'max' ? Number.POSITIVE_INFINITY : Number(text);
}

function typedWrite(file: string, value: unknown): Write {
  const codec = codecOf(file);
  if (codec === undefined) throw new DomainError('invalid', `No cgroup setting "${file}"`);
  try {
    return { file, texts: codec.format(value) };
  } catch (error) {
    throw new DomainError('invalid', `Setting ${file}: ${messageOf(error)}`);
  }
}

const controllerPrefix = /^(cpu|cpuset|io|memory|pids|hugetlb|rdma|misc|dmem)\.[a-zA-Z0-9_.]+$/;
/** Of the files of the cgroup core only these are limits; others move, kill or freeze. */
const coreSettings = ['cgroup.max.depth', 'cgroup.max.descendants', 'cgroup.pressure'];
const maximumTextBytes = 4096;

function rawWrite(file: string, text: string): Write {
  const name = JSON.stringify(file);
  if (!controllerPrefix.test(file) && !coreSettings.includes(file)) {
    throw new DomainError('invalid', `${name} in "unified" is not a controller's interface file`);
  }
  if (Buffer.byteLength(text) > maximumTextBytes || text.includes('\0')) {
    throw new DomainError(
      'invalid',
      `The value of ${name} in "unified" is no text of an interface file`,
    );
  }
  const texts = text.split('\n').filter((line) => line.trim() !== '');
  return { file, texts: texts.length === 0 ? ['\n'] : texts };
}

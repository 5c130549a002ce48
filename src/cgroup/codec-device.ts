import { formatLimit, formatWhole, parseLimit, refuse, type Codec, type Limit } from './codec.ts';
import { lines, nestedKeyed } from './interface-file.ts';

/** Settings that hold a line for each block device, named `MAJOR:MINOR`. */
export interface IoLimit {
  readonly device: string;
  readonly readBytesPerSecond?: Limit;
  readonly writeBytesPerSecond?: Limit;
  readonly readOperationsPerSecond?: Limit;
  readonly writeOperationsPerSecond?: Limit;
}

export interface IoLatency {
  readonly device: string;
  /** 0 for no target. */
  readonly targetMicroseconds: number;
}

export interface IoWeight {
  readonly default?: number;
  readonly devices?: readonly { readonly device: string; readonly weight: number }[];
}

const ioMaxFields = [
  ['rbps', 'readBytesPerSecond'],
  ['wbps', 'writeBytesPerSecond'],
  ['riops', 'readOperationsPerSecond'],
  ['wiops', 'writeOperationsPerSecond'],
] as const;

export const ioMax: Codec<readonly IoLimit[]> = {
  unit: 'bytes or operations per second',
  parse: (text) =>
    [...nestedKeyed(text)].map(([device, fields]) => {
      const present = ioMaxFields.filter(([key]) => fields.has(key));
      const limits = present.map(([key, name]) => [name, parseLimit(fields.get(key) ?? 'max')]);
      return { device, ...Object.fromEntries(limits) } as IoLimit;
    }),
  format: (limits) =>
    limits.map((limit) => {
      const pairs = ioMaxFields.flatMap(([key, name]) => {
        const value = limit[name];
        if (value === undefined) return [];
        // 0 would stop the device for good; the kernel refuses it with EINVAL.
        if (value === 0) refuse(value, `a ${name} from 1 or "max"`);
        return [`${key}=${formatLimit(value, Number.MAX_SAFE_INTEGER)}`];
      });
      return [checkDevice(limit.device), ...pairs].join(' ');
    }),
  undo: (before, written) =>
    written.map((line) => earlierLine(before, line, 'rbps=max wbps=max riops=max wiops=max')),
};

export const ioLatency: Codec<readonly IoLatency[]> = {
  unit: 'microseconds',
  parse: (text) =>
    [...nestedKeyed(text)].map(([device, fields]) => ({
      device,
      targetMicroseconds: Number(fields.get('target')),
    })),
  format: (targets) =>
    targets.map(({ device, targetMicroseconds }) => {
      const target = formatWhole(targetMicroseconds, 0, Number.MAX_SAFE_INTEGER);
      return `${checkDevice(device)} target=${target}`;
    }),
  undo: (before, written) => written.map((line) => earlierLine(before, line, 'target=0')),
};

/** `default 100`, then a line for each device with a weight of its own. */
export function ioWeight(maximum: number): Codec<IoWeight> {
  return {
    unit: `weight from 1 to ${maximum}`,
    parse: (text) => {
      const pairs = lines(text).map((line) => line.split(' '));
      const devices = pairs
        .filter(([device]) => device !== 'default')
        .map(([device = '', weight]) => ({ device, weight: Number(weight) }));
      const common = pairs.find(([device]) => device === 'default')?.[1];
      return common === undefined ? { devices } : { default: Number(common), devices };
    },
    format: ({ default: common, devices = [] }) => [
      ...(common === undefined ? [] : [`default ${formatWhole(common, 1, maximum)}`]),
      ...devices.map(
        ({ device, weight }) => `${checkDevice(device)} ${formatWhole(weight, 1, maximum)}`,
      ),
    ],
    undo: (before, written) => written.map((line) => earlierLine(before, line, 'default')),
  };
}

function checkDevice(device: string): string {
  if (!/^\d{1,4}:\d{1,7}$/.test(device)) refuse(device, 'a device as MAJOR:MINOR');
  return device;
}

/** The line that the written one has replaced, or the one that takes it away. */
export function earlierLine(before: string, written: string, none: string): string {
  const [key = ''] = written.split(' ');
  return lines(before).find((line) => line.startsWith(`${key} `)) ?? `${key} ${none}`;
}

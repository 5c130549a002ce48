import { DomainError } from '../base/error.ts';
import { words } from './interface-file.ts';

/** How the text of one interface file and a typed value become each other. */
export interface Codec<Value> {
  readonly unit: string;
  parse(text: string): Value;
  /** One text for each write call. Throws DomainError `invalid` for a value out of range. */
  format(value: Value): string[];
  /** Writes that bring back what the file held `before`, after `written` has been written. */
  undo(before: string, written: readonly string[]): string[];
}

/** A number, or `max` for no limit. */
export type Limit = number | 'max';

export interface CpuBandwidth {
  /** Run time per period; `max` for no limit. */
  readonly quotaMicroseconds: Limit;
  /** The present period (at first 100,000) stays where none is given. */
  readonly periodMicroseconds?: number;
}

export function wholeNumber(unit: string, minimum: number, maximum: number): Codec<number> {
  return {
    unit,
    parse: (text) => Number(text),
    format: (value) => [formatWhole(value, minimum, maximum)],
    undo: keepText,
  };
}

export function limitOf(unit: string, maximum = Number.MAX_SAFE_INTEGER): Codec<Limit> {
  return {
    unit,
    parse: parseLimit,
    format: (value) => [formatLimit(value, maximum)],
    undo: keepText,
  };
}

export const flag: Codec<boolean> = {
  unit: 'true or false',
  parse: (text) => text.trim() === '1',
  format: (value) => [value ? '1' : '0'],
  undo: keepText,
};

/** A part of one CPU in percent, to two decimals. */
export const percent: Codec<Limit> = {
  unit: 'percent',
  parse: parseLimit,
  format: (value) => {
    if (value === 'max') return ['max'];
    if (!(value >= 0 && value <= 100)) refuse(value, 'from 0 to 100 or "max"');
    return [value.toFixed(2)];
  },
  undo: keepText,
};

/** Numbers of CPUs or memory nodes as `0-3,8`; empty for those of the parent. */
export const numberList: Codec<string> = {
  unit: 'list of numbers and ranges',
  parse: (text) => text.trim(),
  format: (value) => {
    if (!/^(\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*)?$/.test(value)) {
      refuse(value, 'a list such as "0-3,8"');
    }
    // The kernel takes no empty write, and a line feed as the empty list.
    return [value === '' ? '\n' : value];
  },
  undo: (before) => [before.trim() === '' ? '\n' : before.trim()],
};

export function oneOf<Word extends string>(...allowed: readonly Word[]): Codec<Word> {
  return {
    unit: allowed.join(', '),
    // The kernel adds a reason in brackets to a partition that is invalid.
    parse: (text) => allowed.find((word) => text.startsWith(word)) ?? refuse(text, 'known'),
    format: (value) => {
      if (!allowed.includes(value)) refuse(value, `one of ${allowed.join(', ')}`);
      return [value];
    },
    undo: (before) => [words(before)[0] ?? ''],
  };
}

export const cpuBandwidth: Codec<CpuBandwidth> = {
  unit: 'microseconds',
  parse: (text) => {
    const [quota = '', period = ''] = words(text);
    return { quotaMicroseconds: parseLimit(quota), periodMicroseconds: Number(period) };
  },
  format: ({ quotaMicroseconds, periodMicroseconds }) => {
    // The kernel's bounds (kernel/sched/core.c): 1 ms to 1 s for the period, 1 ms for the quota.
    if (quotaMicroseconds !== 'max' && quotaMicroseconds < 1000) {
      refuse(quotaMicroseconds, 'at least 1000 µs or "max"');
    }
    const quota = formatLimit(quotaMicroseconds, Number.MAX_SAFE_INTEGER);
    if (periodMicroseconds === undefined) return [quota];
    return [`${quota} ${formatWhole(periodMicroseconds, 1000, 1_000_000)}`];
  },
  undo: keepText,
};

export function parseLimit(text: string): Limit {
  return text.trim() === 'max' ? 'max' : Number(text);
}

export function formatLimit(value: Limit, maximum: number): string {
  return value === 'max' ? 'max' : formatWhole(value, 0, maximum);
}

export function formatWhole(value: number, minimum: number, maximum: number): string {
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    refuse(value, `a whole number from ${minimum} to ${maximum}`);
  }
  return String(value);
}

export function refuse(value: unknown, expected: string): never {
  throw new DomainError('invalid', `${JSON.stringify(value)} is not ${expected}`);
}

function keepText(before: string): string[] {
  return [before.trim()];
}

import { DomainError } from '../base/error.ts';

const binaryUnits: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `512m`, `1.5g`, `1024`, also `512MiB`: units of 1024, as Docker reads memory sizes. */
export function parseSize(text: string, flag: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const factor = unit?.toLowerCase() === 't' ? 2 ** 40 : binaryUnits[unit?.toLowerCase() ?? ''];
  const bytes = Math.floor(Number(number) * (factor ?? Number.NaN));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new DomainError('invalid', `Invalid size "${text}" for ${flag}: try 512m or 1g`);
}

/** Like a size; -1 is "no limit". */
export function parseLimit(text: string, flag: string): number {
  return text === '-1' ? -1 : parseSize(text, flag);
}

export function parseWhole(text: string, flag: string, minimum = 0): number {
  const value = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= minimum) return value;
  throw new DomainError('invalid', `Invalid number "${text}" for ${flag}`);
}

const spanUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `10`, `10s`, `1m30s`, `1.5h` in milliseconds; a bare number is seconds. */
export function parseSpan(text: string, flag: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    throw new DomainError('invalid', `Invalid time "${text}" for ${flag}: try 10s or 1m30s`);
  }
  return parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (spanUnits[unit ?? ''] ?? 0),
    0,
  );
}

/** A moment in nanoseconds: a date, seconds since 1970, or a span before now. */
export function parseMoment(text: string, flag: string, nowMs: number): number {
  if (/^\d{9,}(\.\d+)?$/.test(text)) return Number(text) * 1e9;
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const milliseconds = Date.parse(text);
    if (!Number.isNaN(milliseconds)) return milliseconds * 1e6;
    throw new DomainError('invalid', `Invalid date "${text}" for ${flag}`);
  }
  return (nowMs - parseSpan(text, flag)) * 1e6;
}

/** `KEY=VALUE` pairs to an object; without `=` the value is empty. */
export function parsePairs(pairs: readonly string[], flag: string): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      const key = at < 0 ? pair : pair.slice(0, at);
      if (key === '') throw new DomainError('invalid', `Invalid "${pair}" for ${flag}: no key`);
      return [key, at < 0 ? '' : pair.slice(at + 1)];
    }),
  );
}

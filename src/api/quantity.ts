import { DomainError } from '../base/error.ts';

/** How a quantity was written, and is written again: `1Gi`, `1500m`, `1e3`. */
export type QuantityFormat = 'binary' | 'decimal' | 'exponent';

/** An amount of a resource: exact to a billionth, as the API has them. */
export interface Quantity {
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

const pattern = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+|[A-Za-z]{0,2})$/;
const longestText = 128;
const one = 1_000_000_000n;
/** What a signed integer of 64 bits holds; larger amounts become this. */
const largest = (2n ** 63n - 1n) * one;

const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** Reads `500m`, `1.5Gi`, `2e3`; what is finer than a billionth is rounded up. Throws `invalid`. */
export function parseQuantity(text: string): Quantity {
  const match = text.length > longestText ? null : pattern.exec(text);
  if (match === null) throw malformed();
  const [, sign, digits = '', suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const { format, factor, exponent } = suffixOf(suffix);
  const scale = exponent + 9 - fraction.length;
  const number = BigInt(whole + fraction) * factor;
  const nano = scale >= 0 ? number * 10n ** BigInt(scale) : divideUp(number, 10n ** BigInt(-scale));
  const bounded = nano > largest ? largest : nano;
  return { nano: sign === '-' ? -bounded : bounded, format };
}

/** The one way to write an amount: the largest unit that needs no fraction. */
export function formatQuantity({ nano, format }: Quantity): string {
  const amount = nano < 0n ? -nano : nano;
  const sign = nano < 0n ? '-' : '';
  if (amount === 0n) return '0';
  if (format === 'binary' && amount >= 1024n * one && amount % one === 0n) {
    return sign + withSuffix(amount / one, 1024n, binarySuffixes);
  }
  if (format === 'exponent') return sign + withExponent(amount);
  return sign + withSuffix(amount, 1000n, decimalSuffixes);
}

/** The text as the API would write it. */
export function canonicalQuantity(text: string): string {
  return formatQuantity(parseQuantity(text));
}

/** In thousandths, rounded up: what processors are counted in. */
export function milliValue(quantity: Quantity): number {
  return Number(divideUp(quantity.nano, 1_000_000n));
}

/** In whole units, rounded up: what bytes and pods are counted in. */
export function wholeValue(quantity: Quantity): number {
  return Number(divideUp(quantity.nano, one));
}

function suffixOf(suffix: string): { format: QuantityFormat; factor: bigint; exponent: number } {
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) return { format: 'binary', factor: 1024n ** BigInt(binary), exponent: 0 };
  const decimal = decimalSuffixes.indexOf(suffix);
  if (decimal >= 0) return { format: 'decimal', factor: 1n, exponent: (decimal - 3) * 3 };
  if (!/^[eE][+-]?\d{1,3}$/.test(suffix)) {
    throw new DomainError('invalid', "unable to parse quantity's suffix");
  }
  return { format: 'exponent', factor: 1n, exponent: Number(suffix.slice(1)) };
}

function withSuffix(amount: bigint, base: bigint, suffixes: readonly string[]): string {
  let rest = amount;
  let at = 0;
  while (at < suffixes.length - 1 && rest % base === 0n) {
    rest /= base;
    at += 1;
  }
  return `${rest}${suffixes[at] ?? ''}`;
}

function withExponent(amount: bigint): string {
  let rest = amount;
  let exponent = -9;
  while (rest % 1000n === 0n) {
    rest /= 1000n;
    exponent += 3;
  }
  return exponent === 0 ? String(rest) : `${rest}e${exponent}`;
}

/** Away from zero, as the API rounds. */
function divideUp(number: bigint, divisor: bigint): bigint {
  const quotient = number / divisor;
  if (number % divisor === 0n) return quotient;
  return number < 0n ? quotient - 1n : quotient + 1n;
}

function malformed(): DomainError {
  return new DomainError(
    'invalid',
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  );
}

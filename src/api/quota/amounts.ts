import { isObject, type Json, type JsonObject } from '../json.ts';
import { formatQuantity, parseQuantity, type Quantity } from '../quantity.ts';

/** Amounts of resources by their names. */
export type Amounts = ReadonlyMap<string, Quantity>;

const none: Quantity = { nano: 0n, format: 'decimal' };
const one: Quantity = { nano: 1_000_000_000n, format: 'decimal' };

/** The amounts in `{cpu: 500m, memory: 1Gi}`. */
export function amountsIn(map: Json | undefined): Map<string, Quantity> {
  const entries = isObject(map) ? Object.entries(map) : [];
  return new Map(
    entries.flatMap(([name, text]) =>
      typeof text === 'string' ? [[name, parseQuantity(text)] as const] : [],
    ),
  );
}

export function counted(...names: readonly string[]): Map<string, Quantity> {
  return new Map(names.map((name) => [name, one]));
}

export function times(count: number): Quantity {
  return { nano: BigInt(count) * one.nano, format: 'decimal' };
}

export function sumOf(...all: readonly Amounts[]): Map<string, Quantity> {
  const sum = new Map<string, Quantity>();
  for (const amounts of all) {
    for (const [name, amount] of amounts) sum.set(name, plus(sum.get(name) ?? none, amount));
  }
  return sum;
}

export function largestOf(...all: readonly Amounts[]): Map<string, Quantity> {
  const largest = new Map<string, Quantity>();
  for (const amounts of all) {
    for (const [name, amount] of amounts) {
      const known = largest.get(name);
      if (known === undefined || known.nano < amount.nano) largest.set(name, amount);
    }
  }
  return largest;
}

/** What the first has more than the second. */
export function difference(left: Amounts, right: Amounts): Map<string, Quantity> {
  return new Map(
    [...left].map(([name, { nano, format }]) => {
      const other = right.get(name) ?? none;
      return [name, { nano: nano - other.nano, format }] as const;
    }),
  );
}

export function isMore(left: Quantity | undefined, right: Quantity | undefined): boolean {
  return (left ?? none).nano > (right ?? none).nano;
}

export function only(amounts: Amounts, names: Iterable<string>): Map<string, Quantity> {
  return new Map([...names].map((name) => [name, amounts.get(name) ?? none]));
}

export function mapOf(amounts: Amounts): JsonObject {
  return Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]));
}

/** `limits.cpu=100m,pods=1` */
export function amountsText(amounts: Amounts): string {
  const words = [...amounts].map(([name, amount]) => `${name}=${formatQuantity(amount)}`);
  return words.toSorted().join(',');
}

/** A sum is written as its parts were. */
function plus(left: Quantity, right: Quantity): Quantity {
  const format = left.nano === 0n ? right.format : left.format;
  return { nano: left.nano + right.nano, format };
}

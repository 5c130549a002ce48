import { parseQuantity, wholeValue } from '../../api/quantity.ts';
import { DomainError } from '../../base/error.ts';

/** `10%` of a capacity, or an amount: `100Mi`. Throws DomainError `invalid` for anything else. */
export function thresholdOf(text: string, capacity: number): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) <= 100) {
    return Math.floor((capacity * Number(percent)) / 100);
  }
  const amount = wholeValue(parseQuantity(text));
  if (amount >= 0) return amount;
  throw new DomainError('invalid', `A threshold is ${JSON.stringify(text)}`);
}

import type { PlannedElement } from './plan-elements.ts';

/** Each set and key once; the last one counts. */
export function byText(elements: readonly PlannedElement[]): Map<string, PlannedElement> {
  return new Map(elements.map((one) => [textOf(one), one]));
}

export function textOf({ place, key }: PlannedElement): string {
  return `${place.set}${place.family} ${key}`;
}

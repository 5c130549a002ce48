import type { nftables } from '../../netlink/index.ts';
import type { Place } from './table-sets.ts';

/** An element that a set ought to have. */
export interface PlannedElement {
  readonly place: Place;
  /** Its key as text, and what it leads to: empty for sets that are no maps. */
  readonly key: string;
  readonly data: string;
  readonly element: nftables.Element;
}

/** Each set and key once; the last one counts. */
export function byText(elements: readonly PlannedElement[]): Map<string, PlannedElement> {
  return new Map(elements.map((one) => [textOf(one), one]));
}

export function textOf({ place, key }: PlannedElement): string {
  return `${place.set}${place.family} ${key}`;
}

import type { nftables } from '../../netlink/index.ts';
import { byText, textOf } from './planned-element.ts';
import type { PlannedElement } from './planned-element.ts';
import { allPlaces, type Place, type PlannedSet } from './table-sets.ts';

type Element = nftables.Element;

/** What is to be changed in one set: an element with other data is in both. */
export interface SetChange extends Place {
  readonly remove: readonly Element[];
  readonly add: readonly Element[];
}

/** An element and who wants it: nearly always one, whose claim it is. */
interface Claim {
  planned: PlannedElement;
  owner: string;
  /** The others, with the element as they want it. */
  others?: Map<string, PlannedElement>;
}

/**
 * Which elements the sets ought to have, and who wants them. Two Services may claim one address
 * and port: the one whose name comes first has it, whoever came first, so that every node and
 * every restart agree; when it goes, the other gets it.
 */
export class Claims {
  readonly #sets = new Map<Place, Map<string, Claim>>(allPlaces.map((at) => [at, new Map()]));
  readonly #byOwner = new Map<string, readonly PlannedElement[]>();
  /** By set and key, what was in force when it was first touched since the last `take`. */
  readonly #touched = new Map<Place, Map<string, PlannedElement | undefined>>();
  #tracking = false;
  /** How many want a class: all of them alike, and too many to tell apart. */
  readonly #counts = new Map<Claim, number>();

  /** Replaces all that an owner wants, each element once; nothing ends its claims. */
  set(owner: string, elements: readonly PlannedElement[]): void {
    const before = this.#byOwner.get(owner) ?? [];
    const added = before.length === 0 ? elements : missing(elements, before);
    const gone = elements.length === 0 ? before : missing(before, elements);
    for (const planned of gone) this.#withdraw(owner, planned);
    for (const planned of added) this.#claim(owner, planned);
    if (elements.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, elements);
  }

  /** Who wants something. */
  get owners(): string[] {
    return [...this.#byOwner.keys()];
  }

  /** All that is in force in a set, by key. */
  inForce(place: Place): ReadonlyMap<string, { readonly planned: PlannedElement }> {
    return this.#sets.get(place) ?? new Map<string, Claim>();
  }

  /** What differs from the last time, by set; the first time nothing is told. */
  take(): SetChange[] {
    this.#tracking = true;
    const changes: SetChange[] = [];
    for (const [place, touched] of this.#touched) {
      const remove: Element[] = [];
      const add: Element[] = [];
      for (const [key, before] of touched) {
        const now = this.#sets.get(place)?.get(key)?.planned;
        if (before?.data === now?.data) continue;
        if (before !== undefined) remove.push(before.element);
        if (now !== undefined) add.push(now.element);
      }
      if (remove.length + add.length > 0) changes.push({ ...place, remove, add });
    }
    this.#touched.clear();
    return changes;
  }

  #claim(owner: string, planned: PlannedElement): void {
    const claims = this.#claimsOf(planned);
    const claim = claims.get(planned.key);
    this.#touch(planned, claim);
    if (claim === undefined) {
      const made = { planned, owner };
      claims.set(planned.key, made);
      if (isCounted(planned)) this.#counts.set(made, 1);
    } else if (isCounted(planned)) {
      this.#counts.set(claim, (this.#counts.get(claim) ?? 0) + 1);
    } else if (claim.owner === owner) {
      claim.planned = planned;
    } else {
      claim.others ??= new Map();
      claim.others.set(owner, planned);
      if (owner < claim.owner) promote(claim, owner);
    }
  }

  #withdraw(owner: string, planned: PlannedElement): void {
    const claims = this.#claimsOf(planned);
    const claim = claims.get(planned.key);
    if (claim === undefined) return;
    this.#touch(planned, claim);
    if (isCounted(planned)) {
      const count = (this.#counts.get(claim) ?? 1) - 1;
      this.#counts.set(claim, count);
      if (count > 0) return;
      this.#counts.delete(claim);
      claims.delete(planned.key);
    } else if (claim.owner !== owner) {
      claim.others?.delete(owner);
    } else if (claim.others === undefined || claim.others.size === 0) {
      claims.delete(planned.key);
    } else {
      const next = [...claim.others.keys()].reduce((a, b) => (a < b ? a : b));
      promote(claim, next);
      claim.others.delete(owner);
    }
  }

  #claimsOf({ place }: PlannedElement): Map<string, Claim> {
    const claims = this.#sets.get(place);
    if (claims === undefined) throw new TypeError(`no set ${place.set}${place.family}`);
    return claims;
  }

  #touch({ place, key }: PlannedElement, claim: Claim | undefined): void {
    if (!this.#tracking) return;
    let touched = this.#touched.get(place);
    if (touched === undefined) this.#touched.set(place, (touched = new Map()));
    if (!touched.has(key)) touched.set(key, claim?.planned);
  }
}

const counted: ReadonlySet<PlannedSet> = new Set(['classes', 'hairpin']);

function isCounted({ place }: PlannedElement): boolean {
  return counted.has(place.set);
}

/** Makes one of the others the one that has it. */
function promote(claim: Claim, owner: string): void {
  const { others } = claim;
  const planned = others?.get(owner);
  if (others === undefined || planned === undefined) return;
  others.delete(owner);
  others.set(claim.owner, claim.planned);
  claim.owner = owner;
  claim.planned = planned;
}

/** Those of the first list that the second does not have. */
function missing(
  elements: readonly PlannedElement[],
  among: readonly PlannedElement[],
): PlannedElement[] {
  const there = byText(among);
  return elements.filter((one) => there.get(textOf(one))?.data !== one.data);
}

import type { NodeScorer } from '../rule/rule.ts';
import type { Random } from './random.ts';

const shownNodes = 3;

/** The points of one node: in all, weighted, and by scorer. */
export interface RankedNode {
  readonly slot: number;
  readonly total: number;
  readonly points: readonly number[];
}

/** Sums the points of all scorers; which of equally good nodes is taken is drawn by lot. */
export class Ranking {
  readonly #shown: number;
  #totals = new Float64Array(0);
  #points: Float64Array[] = [];
  /** By scorer: the points that all nodes got. */
  #forAll: (number | undefined)[] = [];

  /** So many nodes are named in the order of their points. */
  constructor(shown = shownNodes) {
    this.#shown = shown;
  }

  /** The best node first, then the runners-up. */
  rank(
    scorers: readonly NodeScorer[],
    { slots, count }: { readonly slots: Int32Array; readonly count: number },
    random: Random,
  ): readonly RankedNode[] {
    this.#makeRoom(scorers.length, count);
    const totals = this.#totals;
    totals.fill(0, 0, count);
    let sameForAll = 0;
    for (let at = 0; at < scorers.length; at += 1) {
      const scorer = scorers[at] as NodeScorer;
      const points = this.#points[at] as Float64Array;
      scorer.begin?.();
      const all = scorer.score(slots, count, points);
      this.#forAll[at] = all;
      if (all === undefined) addWeighted({ totals, points, count }, scorer.weight);
      else sameForAll += all * scorer.weight;
    }
    const best = chooseBest(totals, count, random);
    return [best, ...this.#runnersUp(best, count)].map((at) => ({
      slot: slots[at] as number,
      total: sameForAll + (totals[at] as number),
      points: scorers.map((_, scorer) => this.#forAll[scorer] ?? this.#points[scorer]?.[at] ?? 0),
    }));
  }

  #makeRoom(scorers: number, count: number): void {
    if (this.#totals.length >= count && this.#points.length >= scorers) return;
    const length = Math.max(count, this.#totals.length);
    this.#totals = new Float64Array(length);
    this.#points = Array.from({ length: Math.max(scorers, this.#points.length) }, () => {
      return new Float64Array(length);
    });
  }

  /** The next best, by their place in the list. */
  #runnersUp(best: number, count: number): readonly number[] {
    const found: number[] = [];
    while (found.length < Math.min(this.#shown, count) - 1) {
      let next = -1;
      for (let at = 0; at < count; at += 1) {
        if (at === best || found.includes(at)) continue;
        if (next < 0 || (this.#totals[at] as number) > (this.#totals[next] as number)) next = at;
      }
      found.push(next);
    }
    return found;
  }
}

interface Sums {
  readonly totals: Float64Array;
  readonly points: Float64Array;
  readonly count: number;
}

function addWeighted({ totals, points, count }: Sums, weight: number): void {
  for (let at = 0; at < count; at += 1) {
    totals[at] = (totals[at] as number) + weight * (points[at] as number);
  }
}

function chooseBest(totals: Float64Array, count: number, random: Random): number {
  let most = -Infinity;
  let equal = 0;
  for (let at = 0; at < count; at += 1) {
    const total = totals[at] as number;
    if (total > most) {
      most = total;
      equal = 1;
    } else if (total === most) equal += 1;
  }
  let left = random.below(equal);
  for (let at = 0; at < count; at += 1) {
    if (totals[at] === most && left-- === 0) return at;
  }
  return 0;
}

import type { Job } from '../stored.ts';
import { parseIndexes } from './indexes.ts';

/** Why the job counts as successful with these indexes done; undefined when it does not yet. */
export function metSuccessRule({ spec }: Job, done: ReadonlySet<number>): string | undefined {
  const rules = spec.successPolicy?.rules ?? [];
  const met = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted =
      succeededIndexes === undefined
        ? undefined
        : parseIndexes(succeededIndexes, spec.completions ?? 0);
    const counted =
      wanted === undefined ? done.size : [...wanted].filter((index) => done.has(index)).length;
    return counted >= (succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY);
  });
  return met < 0 ? undefined : `Matched rules at index ${met}`;
}

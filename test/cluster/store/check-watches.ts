import type { SeenChange, WatchRecord } from './record.ts';

/** Each watch against the part of the log that it had to be told. */
export function checkWatches(
  watches: readonly WatchRecord[],
  log: readonly SeenChange[],
): string[] {
  return watches.flatMap((watch) => checkWatch(watch, log));
}

function checkWatch({ prefix, after, steps }: WatchRecord, log: readonly SeenChange[]): string[] {
  const name = `watch of ${prefix} after ${after}`;
  const due = log.filter(({ key, revision }) => revision > after && key.startsWith(prefix));
  let told = 0;
  for (const step of steps) {
    if ('progress' in step) {
      const next = due[told];
      if (next !== undefined && next.revision <= step.progress) {
        return [`${name} says it is at ${step.progress}, but has not told of ${next.revision}`];
      }
      continue;
    }
    const expected = due[told++];
    if (!isSame(step.change, expected)) {
      return [`${name} tells of ${wordsOf(step.change)} where ${wordsOf(expected)} is due`];
    }
  }
  return [];
}

function isSame(a: SeenChange, b: SeenChange | undefined): boolean {
  return JSON.stringify(fieldsOf(a)) === JSON.stringify(b === undefined ? null : fieldsOf(b));
}

function fieldsOf({ key, value, revision, created, deleted, previous }: SeenChange): unknown[] {
  return [key, value, revision, created, deleted, previous];
}

function wordsOf(change: SeenChange | undefined): string {
  return change === undefined ? 'nothing' : JSON.stringify(fieldsOf(change));
}

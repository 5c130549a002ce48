import type { History, ReadRecord, SeenEntry, WriteRecord } from './record.ts';
import type { Replay } from './replay.ts';

/** Each read against the state that the log has at its revision. */
export function checkReads({ reads, writes }: History, replay: Replay): string[] {
  const acknowledged = writes
    .filter(({ result }) => result === 'done')
    .toSorted((a, b) => a.endMs - b.endMs);
  const newestBefore = greatestRevisionBefore(acknowledged);
  return reads.flatMap((read) => {
    const newest = read.isPast ? 0 : newestBefore(read.startMs);
    if (read.revision < newest) {
      return [`${nameOf(read)} is at ${read.revision}, but ${newest} was acknowledged before it`];
    }
    const expected = expectedOf(read, replay);
    if (textOf(expected) === textOf(read.entries)) return [];
    return [`${nameOf(read)} has ${textOf(read.entries)} where the log has ${textOf(expected)}`];
  });
}

function expectedOf({ key, prefix, revision }: ReadRecord, replay: Replay): SeenEntry[] {
  if (prefix !== undefined) return replay.below(prefix, revision);
  const entry = key === undefined ? undefined : replay.at(key, revision);
  return entry === undefined ? [] : [entry];
}

function greatestRevisionBefore(byEnd: readonly WriteRecord[]): (timeMs: number) => number {
  let greatest = 0;
  const steps = byEnd.map(({ endMs, revision = 0 }) => {
    greatest = Math.max(greatest, revision);
    return { endMs, greatest };
  });
  return (timeMs) => {
    let [low, high] = [0, steps.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((steps[middle]?.endMs ?? 0) < timeMs) low = middle + 1;
      else high = middle;
    }
    return steps[low - 1]?.greatest ?? 0;
  };
}

function nameOf({ key, prefix, revision }: ReadRecord): string {
  return prefix === undefined ? `get of ${key} at ${revision}` : `list of ${prefix} at ${revision}`;
}

function textOf(entries: readonly SeenEntry[]): string {
  return entries
    .map(({ key, value, revision, created }) => `${key}=${value}@${revision}/${created}`)
    .join(' ');
}

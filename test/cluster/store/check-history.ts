import { checkReads } from './check-reads.ts';
import { checkWatches } from './check-watches.ts';
import { checkWrites } from './check-writes.ts';
import type { History, SeenChange } from './record.ts';
import { Replay } from './replay.ts';

/**
 * Everything in a history that a store may not do, in words; empty when it is sound:
 * - revisions grow, in watches and from one acknowledged write to a later one;
 * - what was acknowledged is in the log, once, and what was refused is not;
 * - the log is a legal sequence of creations, updates and deletions;
 * - each watch has each change of its prefix and span once, in order, and is never ahead of itself;
 * - each read is the log's state at its revision, and not older than what was acknowledged before.
 *
 * `log` is what one watch of everything, resumed after each failure, was told from the beginning.
 */
export function checkHistory(history: History, log: readonly SeenChange[]): string[] {
  const faults: string[] = [];
  for (const [index, change] of log.entries()) {
    const before = log[index - 1]?.revision ?? 0;
    if (change.revision <= before) {
      faults.push(`the log goes from revision ${before} to ${change.revision}`);
    }
  }
  const replay = new Replay(log);
  return [
    ...faults,
    ...replay.faults,
    ...checkWrites(history.writes, log),
    ...checkWatches(history.watches, log),
    ...checkReads(history, replay),
  ];
}

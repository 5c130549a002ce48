import type { SeenChange, WriteRecord } from './record.ts';

/** Acknowledged writes are in the log, in the order of time; others only when they are unknown. */
export function checkWrites(writes: readonly WriteRecord[], log: readonly SeenChange[]): string[] {
  const byRevision = new Map(log.map((change) => [change.revision, change]));
  const lost = writes
    .filter(({ result }) => result === 'done')
    .filter((write) => !isSame(write, byRevision.get(write.revision ?? 0)))
    .map((write) => `acknowledged, but not in the log: ${wordsOf(write)}`);
  return [...lost, ...strangers(writes, log), ...repeats(log), ...disorder(writes)];
}

function isSame(write: WriteRecord, change: SeenChange | undefined): boolean {
  if (change?.key !== write.key) return false;
  if (write.kind === 'delete') return change.deleted;
  return !change.deleted && change.value === write.value;
}

/** Changes that nobody made, or whose writer was told that they did not happen. */
function strangers(writes: readonly WriteRecord[], log: readonly SeenChange[]): string[] {
  const puts = new Map(writes.map((write) => [write.value, write]));
  const deletions = writes.filter(({ kind }) => kind === 'delete');
  const done = new Set(
    deletions.flatMap(({ result, revision }) => (result === 'done' ? [revision] : [])),
  );
  const uncertain = new Map<string, number>();
  for (const { key, result } of deletions) {
    if (result === 'unknown') uncertain.set(key, (uncertain.get(key) ?? 0) + 1);
  }
  return log.flatMap((change) => {
    if (change.deleted) {
      if (done.has(change.revision)) return [];
      const left = uncertain.get(change.key) ?? 0;
      uncertain.set(change.key, left - 1);
      return left > 0 ? [] : [`nobody deleted ${change.key} at ${change.revision}`];
    }
    const write = puts.get(change.value);
    if (write === undefined) return [`nobody wrote ${change.key} at ${change.revision}`];
    const isFine =
      write.result === 'done' ? write.revision === change.revision : write.result === 'unknown';
    return isFine
      ? []
      : [`in the log at ${change.revision}, but ${write.result}: ${wordsOf(write)}`];
  });
}

function repeats(log: readonly SeenChange[]): string[] {
  const values = log.filter(({ deleted }) => !deleted).map(({ value }) => value);
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([value]) => `written twice: ${value}`);
}

/** A write that began after another was acknowledged has the greater revision. */
function disorder(writes: readonly WriteRecord[]): string[] {
  const done = writes.filter(({ result }) => result === 'done');
  const byEnd = done.toSorted((a, b) => a.endMs - b.endMs);
  const faults: string[] = [];
  let ended = 0;
  let greatest = 0;
  for (const write of done.toSorted((a, b) => a.startMs - b.startMs)) {
    for (
      let next = byEnd[ended];
      next !== undefined && next.endMs < write.startMs;
      next = byEnd[ended]
    ) {
      greatest = Math.max(greatest, next.revision ?? 0);
      ended++;
    }
    if ((write.revision ?? 0) > greatest) continue;
    faults.push(`began after ${greatest} was acknowledged: ${wordsOf(write)}`);
  }
  return faults;
}

function wordsOf({ kind, key, value, revision, result }: WriteRecord): string {
  return `${kind} ${key} ${value} (${result} ${revision ?? ''})`;
}

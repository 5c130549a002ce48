/** Notes how to take back what was just done. */
export type Undo = (takeBack: () => Promise<unknown>) => void;

/**
 * Runs work that does several things. When it throws, what it noted is taken back, newest first,
 * all of it even when one fails; then what it threw is thrown, for that is what went wrong.
 */
export async function undoable<Value>(work: (undo: Undo) => Promise<Value>): Promise<Value> {
  const done: (() => Promise<unknown>)[] = [];
  try {
    return await work((takeBack) => done.push(takeBack));
  } catch (error) {
    // What cannot be taken back now is left to DEL and GC, which find it by its owner.
    for (const takeBack of done.toReversed()) await takeBack().catch(() => undefined);
    throw error;
  }
}

/** Does all even when some fail, then throws the first failure: for DEL and GC. */
export async function all(...works: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

import { messageOf } from '../src/base/error.ts';

/** Notes how to take back what was just done, or is about to be. */
export type Undo = (takeBack: () => Promise<unknown>) => void;

/**
 * Runs work that does several things. When it throws, what it noted is taken back, newest first,
 * all of it even when one fails. Throws what the work threw; SuppressedError with both when taking
 * back failed too, for then something is left for DEL and GC.
 */
export async function undoable<Value>(work: (undo: Undo) => Promise<Value>): Promise<Value> {
  const done: (() => Promise<unknown>)[] = [];
  try {
    return await work((takeBack) => done.push(takeBack));
  } catch (error) {
    try {
      await all(...done.toReversed());
    } catch (second) {
      const words = `${messageOf(error)}; undoing it failed: ${messageOf(second)}`;
      throw new SuppressedError(second, error, words);
    }
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

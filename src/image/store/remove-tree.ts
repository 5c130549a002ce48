import { addon } from '../../kernel/addon.ts';

/** Of the pool's four threads, so that state files are still written while big trees go. */
const lanes = [Promise.resolve(), Promise.resolve()];
let next = 0;

/**
 * Removes a file or a whole tree, however deep; succeeds when it is gone already. Nothing but the
 * store writes there while it runs. Links are removed, not followed, and what is mounted is not
 * entered. Two trees go at a time, the others wait.
 */
export function removeTree(path: string): Promise<void> {
  const lane = next++ % lanes.length;
  const removal = (lanes[lane] ?? Promise.resolve()).then(() => addon.removeTree(path));
  lanes[lane] = removal.catch(() => undefined);
  return removal;
}

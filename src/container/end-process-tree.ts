import { readFileSync } from 'node:fs';
import { hasCode } from '../base/error.ts';

interface Relation {
  readonly parent: number;
  readonly session: number;
}

/**
 * Kills a process and all that came from it: its descendants, and the session it leads. Only what
 * `list` names, so that no stranger is hit; again until nothing new is found, for a tree may grow
 * while it is walked.
 */
export async function endProcessTree(
  pid: number,
  list: () => Promise<readonly number[]>,
): Promise<void> {
  const doomed = new Set([pid]);
  for (let round = 0; round < 10; round++) {
    const relations = relationsOf(await list());
    const before = doomed.size;
    for (let size = -1; size !== doomed.size;) {
      size = doomed.size;
      for (const [each, { parent, session }] of relations) {
        if (doomed.has(parent) || session === pid) doomed.add(each);
      }
    }
    for (const each of doomed) if (relations.has(each)) kill(each);
    if (round > 0 && doomed.size === before) return;
  }
}

function relationsOf(pids: readonly number[]): Map<number, Relation> {
  const relations = new Map<number, Relation>();
  for (const pid of pids) {
    const relation = relationOf(pid);
    if (relation !== undefined) relations.set(pid, relation);
  }
  return relations;
}

/** After the name, which is in parentheses and may have spaces: state, parent, group, session. */
function relationOf(pid: number): Relation | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    return { parent: Number(parent), session: Number(session) };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

import { readFileSync } from 'node:fs';
import { hasCode, isDomainError } from '../base/error.ts';
import type { Hierarchy } from '../cgroup/hierarchy.ts';

interface Relation {
  readonly parent: number;
  readonly session: number;
}

/**
 * Kills a process and all that came from it: its descendants, and the session it leads. Looks only
 * within a cgroup, so that no stranger is hit; again until nothing new is found, for a tree may
 * grow while it is walked.
 */
export function endProcessTree(hierarchy: Hierarchy, cgroupPath: string, pid: number): void {
  const doomed = new Set([pid]);
  for (let round = 0; round < 10; round++) {
    const relations = relationsIn(hierarchy, cgroupPath);
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

function relationsIn(hierarchy: Hierarchy, cgroupPath: string): Map<number, Relation> {
  const relations = new Map<number, Relation>();
  try {
    using cgroup = hierarchy.open(cgroupPath);
    for (const pid of cgroup.processes({ recursive: true })) {
      const relation = relationOf(pid);
      if (relation !== undefined) relations.set(pid, relation);
    }
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
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

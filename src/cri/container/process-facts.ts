import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hasCode } from '../../base/error.ts';

/** What the processes of a container have open and run. */
export interface ProcessFacts {
  readonly processes: number;
  readonly threads: number;
  readonly fileDescriptors: number;
  readonly sockets: number;
  /** The first process's soft limit of open files; undefined when unlimited or none runs. */
  readonly openFilesLimit: number | undefined;
}

/** Each descriptor is one more call to see whether it is a socket; the rest counts as none. */
const mostLinks = 10_000;

export function readProcessFacts(processIds: readonly number[]): ProcessFacts {
  const facts = { processes: 0, threads: 0, fileDescriptors: 0, sockets: 0 };
  let links = mostLinks;
  for (const pid of processIds) {
    const threads = unlessGone(() => threadsOf(pid));
    if (threads === undefined) continue;
    const descriptors = unlessGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    facts.processes += 1;
    facts.threads += threads;
    facts.fileDescriptors += descriptors.length;
    const looked = descriptors.slice(0, Math.max(0, links));
    links -= looked.length;
    facts.sockets += looked.filter((fd) => isSocket(pid, fd)).length;
  }
  const [first] = processIds;
  const openFilesLimit =
    first === undefined ? undefined : unlessGone(() => openFilesLimitOf(first));
  return { ...facts, openFilesLimit };
}

/** `/proc/PID/stat`: the name, which may hold anything, ends with the last parenthesis. */
function threadsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[17] ?? 1);
}

function isSocket(pid: number, fd: string): boolean {
  const target = unlessGone(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return target?.startsWith('socket:') === true;
}

function openFilesLimitOf(pid: number): number | undefined {
  const text = readFileSync(`/proc/${pid}/limits`, 'latin1');
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES')) return undefined;
    throw error;
  }
}

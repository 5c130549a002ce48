import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { hasCode } from '../base/error.ts';
import { readMounts } from './mountinfo.ts';
import { namespaceKinds, type NamespaceKind } from './namespace-kind.ts';

/** A row of lsns: a namespace with the processes in it, or the files that keep it. */
export interface NamespaceListing {
  /** The number in `net:[4026531840]`. */
  readonly inode: number;
  readonly kind: NamespaceKind;
  /** How many processes are in it. */
  readonly processes: number;
  /** The process with the lowest number; undefined when only files keep the namespace. */
  readonly pid?: number;
  /** Its real user. */
  readonly uid?: number;
  /** Its command line, at most 4096 bytes of it. */
  readonly command: string;
  /** Where the namespace is pinned, as this process sees it. */
  readonly pins: readonly string[];
}

/**
 * All namespaces that processes are in or that are pinned, by inode. Processes that we may not look
 * into are left out, as in lsns. Equivalent: `lsns -o NS,TYPE,NPROCS,PID,USER,COMMAND,NSFS`.
 */
export async function listNamespaces(kind?: NamespaceKind): Promise<NamespaceListing[]> {
  const kinds = kind === undefined ? namespaceKinds : [kind];
  const found = new Map<string, Found>();
  const pids = processIds();
  for (const [index, pid] of pids.entries()) {
    for (const each of kinds) add(found, pid, each);
    // A machine may have thousands of processes: let others run in between.
    if (index % 64 === 63) await setImmediate();
  }
  addPins(found, kinds);
  return [...found.values()].toSorted((a, b) => a.inode - b.inode).map(describe);
}

interface Found {
  readonly inode: number;
  readonly kind: NamespaceKind;
  readonly pins: string[];
  processes: number;
  pid?: number;
}

function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
}

function add(found: Map<string, Found>, pid: number, kind: NamespaceKind): void {
  const link = linkOf(pid, kind);
  if (link === undefined) return;
  const entry = entryOf(found, link);
  if (entry === undefined) return;
  entry.pid ??= pid;
  entry.processes++;
}

/** Undefined when the process has ended, is a zombie, or is not ours to look into. */
function linkOf(pid: number, kind: NamespaceKind): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

function entryOf(found: Map<string, Found>, link: string): Found | undefined {
  const known = found.get(link);
  if (known !== undefined) return known;
  const match = /^([a-z]+)(?:_for_children)?:\[(\d+)\]$/.exec(link);
  const kind = namespaceKinds.find((each) => each === match?.[1]);
  if (kind === undefined) return undefined;
  const entry: Found = { inode: Number(match?.[2]), kind, pins: [], processes: 0 };
  found.set(link, entry);
  return entry;
}

/** Mounts of nsfs have as root the text that the link has too. */
function addPins(found: Map<string, Found>, kinds: readonly NamespaceKind[]): void {
  for (const mount of readMounts()) {
    if (mount.fileSystem !== 'nsfs') continue;
    const entry = entryOf(found, mount.root);
    if (entry === undefined) continue;
    if (!kinds.includes(entry.kind)) found.delete(mount.root);
    if (!entry.pins.includes(mount.mountPoint)) entry.pins.push(mount.mountPoint);
  }
}

function describe({ pid, ...entry }: Found): NamespaceListing {
  if (pid === undefined) return { ...entry, command: '' };
  try {
    const { uid } = statSync(`/proc/${pid}`);
    return { ...entry, pid, uid, command: commandOf(pid) };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return { ...entry, pid, command: '' };
    throw error;
  }
}

function commandOf(pid: number): string {
  const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').slice(0, 4096);
  if (line !== '') return line.replaceAll('\0', ' ').trim();
  return `[${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}]`;
}

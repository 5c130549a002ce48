import { chmodSync, constants, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { hasCode } from '../../base/error.ts';
import type { ObservedContainer } from '../runtime/observed-pod.ts';
import { annotation } from '../runtime/record.ts';

/** Of a container's last words. */
const longestMessage = 4096;
const longestLogTail = 2048;
const mostLogLines = 80;

/** The pod's own files: `ROOT/pods/UID`. They go with its volumes. */
export function podFolder(root: string, uid: string): string {
  return join(root, 'pods', uid);
}

/*
 * What a start makes is a handful of small files: one after the other from a thread of the pool
 * they would take a pod longer than all else that is done between its sandbox and its container.
 */

/** Writes what is /etc/hosts in the pod; its path. */
export function writeHosts(root: string, pod: Pod, text: string): string {
  const folder = podFolder(root, pod.metadata.uid ?? '');
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const path = join(folder, 'etc-hosts');
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

/** An empty file for a container's last words, which any user in it may write; its path. */
export function makeMessageFile(
  root: string,
  pod: Pod,
  { name, attempt }: { readonly name: string; readonly attempt: number },
): string {
  const folder = join(podFolder(root, pod.metadata.uid ?? ''), 'containers', name);
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const path = join(folder, `message-${attempt}`);
  // What an interrupted start left behind may be anything by now.
  rmSync(path, { force: true });
  writeFileSync(path, '', { flag: 'wx', mode: 0o666 });
  chmodSync(path, 0o666);
  return path;
}

/** What a container left as its last words; the end of its log where it asked for that. */
export async function lastWords(container: ObservedContainer): Promise<string> {
  const words = await readStart(container.messageFile, longestMessage);
  const policy = container.annotations[annotation.messagePolicy];
  if (words !== '' || policy !== 'FallbackToLogsOnError' || container.exitCode === 0) return words;
  return logTail(await readEnd(container.logPath, 4 * longestLogTail));
}

/** Lines of the CRI's log format, `TIME STREAM TAG TEXT`, as their texts. */
function logTail(text: string): string {
  const lines = text.split('\n').slice(-mostLogLines - 1);
  const texts = lines.flatMap((line) => {
    const match = /^\S+ (?:stdout|stderr) ([FP]) (.*)$/.exec(line);
    return match === null ? [] : [`${match[2] ?? ''}${match[1] === 'F' ? '\n' : ''}`];
  });
  return texts.join('').slice(-longestLogTail);
}

async function readStart(path: string, bytes: number): Promise<string> {
  return readPart(path, () => 0, bytes);
}

async function readEnd(path: string, bytes: number): Promise<string> {
  return readPart(path, (size) => Math.max(0, size - bytes), bytes);
}

/** The container may have put a pipe or a link to elsewhere there: neither is followed. */
async function readPart(
  path: string,
  start: (size: number) => number,
  bytes: number,
): Promise<string> {
  if (path === '') return '';
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using file = await open(path, flags);
    const found = await file.stat();
    if (!found.isFile()) return '';
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, start(found.size));
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO')) return '';
    throw error;
  }
}

export interface LogLink {
  readonly folder: string;
  readonly pod: Pod;
  readonly container: string;
  readonly id: string;
  readonly logPath: string;
}

/** `/var/log/containers/web_default_main-ID.log`, where collectors of logs look. */
export function linkLog(link: LogLink): void {
  const path = logLinkPath(link);
  try {
    mkdirSync(link.folder, { recursive: true, mode: 0o755 });
    symlinkSync(link.logPath, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

export async function unlinkLog(link: Omit<LogLink, 'logPath'>): Promise<void> {
  const path = logLinkPath(link);
  try {
    if ((await lstat(path)).isSymbolicLink()) await rm(path, { force: true });
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
}

function logLinkPath({ folder, pod, container, id }: Omit<LogLink, 'logPath'>): string {
  const { name = '', namespace = '' } = pod.metadata;
  // A file's name has at most 255 bytes.
  const start = `${name}_${namespace}_${container}`.slice(0, 255 - id.length - 5);
  return join(folder, `${start}-${id}.log`);
}

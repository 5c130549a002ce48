import { readFileSync, readlinkSync, statSync } from 'node:fs';

/**
 * criu's names for a process's stdin, stdout and stderr that a restore has to bring: pipes, and
 * files that were opened before the container's own mounts were there, such as /dev/null.
 */
export function standardStreams(pid: number, ownMounts: ReadonlySet<number>): readonly string[] {
  return [0, 1, 2].map((fd) => {
    const target = readTarget(pid, fd);
    if (target === undefined) return '';
    if (/^pipe:\[\d+\]$/.test(target)) return target;
    const information = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
    const mount = Number(/^mnt_id:\s*(\d+)$/m.exec(information)?.[1] ?? 0);
    if (!target.startsWith('/') || ownMounts.has(mount)) return '';
    const { ino } = statSync(`/proc/${pid}/fd/${fd}`, { bigint: true });
    return `file[${mount.toString(16)}:${ino.toString(16)}]`;
  });
}

/** Undefined for one that the process has closed. */
function readTarget(pid: number, fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}

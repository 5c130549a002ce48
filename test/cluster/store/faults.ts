import { spawnSync } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './history-run.ts';

/** A process stands still, as after a paused virtual machine, and goes on as if nothing was. */
export function pauseFault(pid: () => number): Fault {
  return {
    name: 'pause',
    happen: async () => {
      const paused = pid();
      if (paused === 0) return;
      signal(paused, 'SIGSTOP');
      await sleep(2_000);
      signal(paused, 'SIGCONT');
    },
  };
}

/** Someone else takes all that is left of the disk for a while. */
export function diskFault(folder: string): Fault {
  return {
    name: 'full disk',
    happen: async () => {
      const ballast = join(folder, 'ballast');
      try {
        const { bavail, bsize } = await statfs(folder);
        await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => {});
        await sleep(2_000);
      } finally {
        await rm(ballast, { force: true });
      }
    },
  };
}

/** A small disk of its own at a folder; undefined when this user may not mount. */
export function mountTmpfs(folder: string, megabytes: number): AsyncDisposable | undefined {
  const size = ['-o', `size=${megabytes}m`];
  if (spawnSync('mount', ['-t', 'tmpfs', ...size, 'tmpfs', folder]).status !== 0) return undefined;
  return {
    [Symbol.asyncDispose]: async () => {
      await mkdir(folder, { recursive: true });
      spawnSync('umount', ['--lazy', folder]);
    },
  };
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has died of something else meanwhile.
  }
}

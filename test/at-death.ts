import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));

/**
 * What `setpriv` is told so that the kernel kills a program when this process has gone. A test that
 * is ended by a signal, or is killed, tears nothing down, and its programs would run on for good.
 */
export function mortal(program: string, ...args: readonly string[]): string[] {
  return ['--pdeathsig', 'KILL', '--', program, ...args];
}

/**
 * Has a shell do something, with these arguments, when this process has gone, in whatever way: a
 * pipe that only this process holds ends then. After a test that did tear down it finds nothing.
 */
export function atDeath(script: string, ...args: readonly string[]): void {
  const whole = `trap '' HUP INT TERM; read -r _; ${script}`;
  const watcher = spawn('sh', ['-c', whole, 'sh', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  });
  watcher.unref();
  (watcher.stdin as Socket).unref();
}

/** The same for a lab of `scripts/lab`: all of it goes. */
export function downAtDeath(folder: string, name: string): void {
  const down = 'KEELSON_LAB="$1" "$3/scripts/lab" --name "$2" down';
  atDeath(`[ ! -d "$1" ] || { sleep 1; ${down}; rm -rf "$1"; }`, folder, name, project);
}

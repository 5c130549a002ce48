import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { addon, buildFolder } from './addon.ts';
import type { ProcessExit } from './supervised-process.ts';
import { Supervisor } from './supervisor.ts';

/**
 * The small native process that starts programs for this one. Node's own `child_process` copies
 * the page tables of a large process for each child, so it is used once, for the spawner.
 */
export class Spawner {
  readonly supervisor: Supervisor;
  /** It was killed: what it was asked for has failed, and it starts nothing more. */
  ended = false;
  readonly #exits = new Map<string, (exit: ProcessExit | undefined) => void>();

  private constructor(fd: number) {
    this.supervisor = new Supervisor(fd, {
      onExit: (exit) => this.#settle(exit.name, exit),
      onEnd: () => {
        this.ended = true;
        this.#exits.forEach((_, name) => this.#settle(name, undefined));
      },
    });
  }

  /** Starts one; it ends with this process, or with `close`. */
  static async start(): Promise<Spawner> {
    const [ours, theirs] = addon.socketPair();
    try {
      const child = spawn(`${buildFolder}keelson-shim`, ['spawner'], {
        stdio: ['ignore', 'ignore', 'inherit', theirs],
        env: {},
      });
      await once(child, 'spawn');
      child.unref();
    } finally {
      addon.close(theirs);
    }
    return new Spawner(ours);
  }

  /** The exit of a program by its name; undefined when the spawner itself has gone. */
  exitOf(name: string): Promise<ProcessExit | undefined> {
    this.supervisor.hold();
    return new Promise((resolve) => this.#exits.set(name, resolve));
  }

  /** Nobody waits for this exit any more: the program was never started. */
  forgetExit(name: string): void {
    this.#settle(name, undefined);
  }

  close(): void {
    this.supervisor.close();
  }

  #settle(name: string, exit: ProcessExit | undefined): void {
    const resolve = this.#exits.get(name);
    if (resolve === undefined) return;
    this.#exits.delete(name);
    this.supervisor.release();
    resolve(exit);
  }
}

let shared: Promise<Spawner> | undefined;

/** The one spawner of this process, started by the first who asks, and again if it was killed. */
export async function sharedSpawner(): Promise<Spawner> {
  const asked = (shared ??= Spawner.start());
  const spawner = await asked;
  if (!spawner.ended) return spawner;
  if (shared === asked) shared = undefined;
  return await sharedSpawner();
}

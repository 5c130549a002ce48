import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, hasCode, isDomainError, isKernelError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { findShim } from './find-shim.ts';
import { sharedSpawner } from '../kernel/spawner.ts';
import type { Mark } from '../kernel/mark.ts';
import type { ProcessExit } from '../kernel/supervised-process.ts';
import { Supervisor } from '../kernel/supervisor.ts';

export interface ShimListener {
  onExit(podId: string, exit: ProcessExit): void;
  onMarks(container: string, marks: readonly Mark[]): void;
  /** An attached client was given up, which `Supervisor.attach` has numbered. */
  onDetached(podId: string, attachment: number): void;
  /** The connection to a pod's shim is lost: it is gone, or does not answer. */
  onLost(podId: string): void;
}

const podIdentifier = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** The connections to shims, one a pod; a shim is started by the first who needs it. */
export class Shims {
  readonly #root: string;
  readonly #listener: ShimListener;
  readonly #open = new Map<string, Promise<Supervisor>>();

  constructor(stateFolder: string, listener: ShimListener) {
    this.#root = join(stateFolder, 'pods');
    this.#listener = listener;
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
  }

  /** How many answer, as far as is known. */
  get connected(): number {
    return this.#open.size;
  }

  folderOf(podId: string): string {
    if (!podIdentifier.test(podId)) throw new DomainError('invalid', `"${podId}" is no pod id`);
    return join(this.#root, podId);
  }

  /** The pod's shim, started if there is none. */
  open(podId: string): Promise<Supervisor> {
    return this.#cached(podId, async () => this.#connect(podId) ?? (await this.#start(podId)));
  }

  /** The pod's shim; undefined when none runs. */
  async find(podId: string): Promise<Supervisor | undefined> {
    const open = this.#open.get(podId);
    if (open !== undefined) return await open;
    const supervisor = this.#connect(podId);
    if (supervisor !== undefined) this.#open.set(podId, Promise.resolve(supervisor));
    return supervisor;
  }

  /** Ends a pod's shim; fails with EBUSY while something of the pod goes on running. */
  async end(podId: string): Promise<void> {
    const supervisor = await this.find(podId);
    if (supervisor !== undefined) {
      this.#open.delete(podId);
      await shutDown(supervisor);
      supervisor.close();
    }
    rmSync(join(this.folderOf(podId), 'shim.sock'), { force: true });
  }

  /**
   * Kills a shim that does not answer; what it has supervised is lost, as when it is killed by
   * somebody else.
   */
  async abandon(podId: string): Promise<void> {
    const pid = findShim(podId);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    const deadline = Date.now() + limits.reapTimeoutMs;
    while (this.#open.has(podId) && Date.now() < deadline) await delay(2);
  }

  /** Closes the connections; the shims stay. */
  close(): void {
    for (const open of this.#open.values()) {
      void open.then(
        (supervisor) => supervisor.close(),
        () => undefined,
      );
    }
    this.#open.clear();
  }

  #cached(podId: string, make: () => Promise<Supervisor>): Promise<Supervisor> {
    const known = this.#open.get(podId);
    if (known !== undefined) return known;
    const made = make();
    this.#open.set(podId, made);
    made.catch(() => this.#open.delete(podId));
    return made;
  }

  #connect(podId: string): Supervisor | undefined {
    try {
      return Supervisor.connect(this.folderOf(podId), {
        onExit: (exit) => this.#listener.onExit(podId, exit),
        onMarks: (container, marks) => this.#listener.onMarks(container, marks),
        onDetached: (attachment) => this.#listener.onDetached(podId, attachment),
        onEnd: () => {
          this.#open.delete(podId);
          this.#listener.onLost(podId);
        },
      });
    } catch (error) {
      // Nobody has listened yet, or who did is gone.
      if (hasCode(error, 'ENOENT', 'ECONNREFUSED')) return undefined;
      throw error;
    }
  }

  async #start(podId: string): Promise<Supervisor> {
    const folder = this.folderOf(podId);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    rmSync(join(folder, 'shim.sock'), { force: true });
    const spawner = await sharedSpawner();
    await spawner.supervisor.startShim(folder, podId);
    const supervisor = this.#connect(podId);
    if (supervisor !== undefined) return supervisor;
    throw new DomainError('unavailable', `The shim of pod "${podId}" did not start`);
  }
}

/** What was just killed may not be reaped yet. */
async function shutDown(supervisor: Supervisor): Promise<void> {
  const deadline = Date.now() + limits.reapTimeoutMs;
  for (;;) {
    try {
      return await supervisor.shutdown();
    } catch (error) {
      // The shim ends without a farewell to everyone.
      if (isDomainError(error, 'unavailable')) return;
      if (!isKernelError(error, 'EBUSY') || Date.now() > deadline) throw error;
      await delay(2);
    }
  }
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CoordinatorProcess } from '../cluster/security/coordinator-process.ts';
import type { Bench, BenchCase } from './bench.ts';

/** After this it has done what a start brings with it. */
const settleMs = 15_000;
const secondsAtRest = 30;

/** The coordinator with store, API, scheduler and controllers, and nobody who asks for anything. */
class Coordinator implements AsyncDisposable {
  readonly #process: CoordinatorProcess;

  private constructor(process: CoordinatorProcess) {
    this.#process = process;
  }

  static async start(): Promise<Coordinator> {
    const process = await CoordinatorProcess.start(['--log-level', 'error']);
    await pause(settleMs);
    return new Coordinator(process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /** In MB, resident, the pages of Node itself included. */
  memory(): number {
    const rollup = readFileSync(`/proc/${this.#process.child.pid}/smaps_rollup`, 'utf8');
    return (Number(/^Rss: +(\d+) kB$/m.exec(rollup)?.[1]) * 1024) / 1e6;
  }

  /** In percent of a core. */
  async cpu(): Promise<number> {
    const before = this.#ticks();
    await pause(secondsAtRest * 1000);
    return (this.#ticks() - before) / secondsAtRest;
  }

  /** Per 10 seconds, as its database has them. */
  async writes(): Promise<number> {
    const before = this.#revisions();
    await pause(secondsAtRest * 1000);
    return ((this.#revisions() - before) / secondsAtRest) * 10;
  }

  /** A hundred a second. */
  #ticks(): number {
    const stat = readFileSync(`/proc/${this.#process.child.pid}/stat`, 'utf8');
    const fields = stat.split(') ')[1]?.split(' ');
    return Number(fields?.[11]) + Number(fields?.[12]);
  }

  #revisions(): number {
    const path = join(this.#process.folder, 'root/store.db');
    using database = new DatabaseSync(path, { readOnly: true });
    const row = database.prepare('SELECT count(DISTINCT time) AS writes FROM log').get();
    return Number(row?.['writes']);
  }
}

const bench: Bench = {
  question:
    'What does a coordinator take at rest: MB, % of a core, writes in 10 seconds, ms to start?',
  prepare: async () => {
    const coordinator = await Coordinator.start();
    return {
      cases: [
        caseOf('memory', 'MB', async () => coordinator.memory()),
        caseOf('cpu', '%', () => coordinator.cpu()),
        caseOf('writes', 'writes/10 s', () => coordinator.writes()),
        { ...caseOf('start', 'ms', startMs), rounds: 3 },
      ],
      [Symbol.asyncDispose]: () => coordinator[Symbol.asyncDispose](),
    };
  },
};

export default bench;

function caseOf(name: string, unit: string, run: () => Promise<number>): BenchCase {
  const ours = { name: 'keelson', run: async () => [await run()] };
  return { case: name, unit, ours, peers: [], rounds: 1 };
}

/** Of a first start: it makes its keys and certificates, and its store. */
async function startMs(): Promise<number> {
  const before = performance.now();
  await using _process = await CoordinatorProcess.start(['--log-level', 'error']);
  return performance.now() - before;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

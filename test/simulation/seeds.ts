import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Faults } from './faulty-client.ts';
import { World, type WorldOptions } from './world.ts';

export type Scenario = (world: World) => Promise<void>;

/** How many seeds a scenario runs, and the first; KEELSON_SEEDS and KEELSON_SEED set them. */
const count = Number(process.env['KEELSON_SEEDS'] ?? '6');
const first = Number(process.env['KEELSON_SEED'] ?? '1');

/** Of a broken scenario so many seeds are told. */
const mostTold = 5;

/** What the thread of the worlds says of a scenario. */
interface Report {
  readonly broken: readonly string[];
  /** Of a core. */
  readonly seedMs: number;
}

/**
 * Runs a scenario with many seeds; those that break a promise are named, to be run alone. `pinned`
 * are seeds that found something once: they run always, with the options they ran with.
 *
 * tap follows every promise of its thread, which costs several times what a world does and more
 * with each: the worlds live in a thread of their own, which loads the test's file again.
 */
export const simulate: (
  title: string,
  scenario: Scenario,
  options?: Pick<WorldOptions, 'nodes'> & { readonly pinned?: readonly number[] },
) => void = isMainThread ? await announcer() : player();

/** The faults of a seed: a third of the seeds has none, a third some, a third many. */
function faultsOf(seed: number): Faults {
  const scale = [0, 1, 3][seed % 3] ?? 0;
  return {
    refused: 0.02 * scale,
    lostAnswer: 0.02 * scale,
    lateEvent: 0.03 * scale,
    doubledEvent: 0.03 * scale,
    brokenWatch: 0.005 * scale,
    conflict: 0.02 * scale,
    crash: 0.006 * scale,
  };
}

/** The side that tap is on: a test for each scenario, which asks the other thread to play it. */
async function announcer(): Promise<typeof simulate> {
  const { default: t } = await import('tap');
  t.setTimeout(Math.max(600_000, count * 30_000));
  const seed = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(process.argv[1] ?? '', {
    workerData: seed,
    // A world's objects live short.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  });
  // What fails between two scenarios fails the next.
  let failure: unknown;
  worker.on('error', (error) => {
    failure = error;
  });
  worker.unref();
  t.teardown(() => worker.terminate());
  return (title) => {
    t.test(title, async (t) => {
      worker.ref();
      const answer: Promise<Report[]> = failure === undefined ? once(worker, 'message') : refuse();
      worker.postMessage(title);
      try {
        const [report] = await answer;
        for (const problem of report?.broken ?? ['nothing was played']) t.fail(problem);
        t.pass(`${count} seeds from ${first}, ${report?.seedMs.toFixed(1)} ms each`);
      } catch (error) {
        t.error(error, `KEELSON_SEED=${seed[0]} KEELSON_SEEDS=1`);
      }
      worker.unref();
    });
  };
  function refuse(): Promise<never> {
    return Promise.reject(failure instanceof Error ? failure : new Error(String(failure)));
  }
}

/** The side of the worlds: plays the scenario that is asked for. */
function player(): typeof simulate {
  const scenarios = new Map<string, () => Promise<Report>>();
  parentPort?.on('message', (title: string) => {
    void scenarios
      .get(title)?.()
      .then((report) => parentPort?.postMessage(report));
  });
  return (title, scenario, { pinned = [], ...options } = {}) => {
    scenarios.set(title, async () => {
      const begin = process.threadCpuUsage();
      const seeds = Array.from({ length: count }, (_, index) => first + index);
      const all = new Set([...(first === 1 ? pinned : []), ...seeds]);
      const broken: string[] = [];
      for (const seed of all) {
        (workerData as Int32Array)[0] = seed;
        const problems = await play({ ...options, seed, faults: faultsOf(seed) }, scenario);
        if (problems !== undefined) broken.push(problems);
        if (broken.length === mostTold) break;
      }
      const { user, system } = process.threadCpuUsage(begin);
      return { broken, seedMs: (user + system) / 1000 / all.size };
    });
  };
}

/** What a world did wrong; undefined when it kept all promises. */
async function play(options: WorldOptions, scenario: Scenario): Promise<string | undefined> {
  const world = await World.make(options);
  try {
    await scenario(world);
  } catch (error) {
    world.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  world.end();
  if (world.problems.length === 0) return undefined;
  return `KEELSON_SEED=${options.seed} KEELSON_SEEDS=1: ${world.problems.slice(0, 5).join('\n')}`;
}

import t from 'tap';
import type { World } from './world.ts';
import { World as Worlds } from './world.ts';
import type { Faults } from './faulty-client.ts';

/** How many seeds a scenario runs, and the first; KEELSON_SEEDS and KEELSON_SEED set them. */
const count = Number(process.env['KEELSON_SEEDS'] ?? '3');
const first = Number(process.env['KEELSON_SEED'] ?? '1');

t.setTimeout(Math.max(600_000, count * 30_000));

/** The faults of a seed: a third of the seeds has none, a third some, a third many. */
export function faultsOf(seed: number): Faults {
  const scale = [0, 1, 3][seed % 3] ?? 0;
  return {
    refused: 0.02 * scale,
    lostAnswer: 0.02 * scale,
    lateEvent: 0.03 * scale,
    doubledEvent: 0.03 * scale,
    brokenWatch: 0.005 * scale,
    crash: 0.006 * scale,
  };
}

/** Runs a scenario with many seeds; one that breaks a promise is named, to be run alone. */
export function simulate(
  title: string,
  scenario: (world: World) => Promise<void>,
  options: { readonly nodes?: readonly string[] } = {},
): void {
  t.test(title, async (t) => {
    for (let seed = first; seed < first + count; seed += 1) {
      const world = await Worlds.make({ ...options, seed, faults: faultsOf(seed) });
      await scenario(world);
      world.end();
      if (world.problems.length > 0) {
        const problems = world.problems.slice(0, 5).join('\n');
        t.fail(`KEELSON_SEED=${seed} KEELSON_SEEDS=1: ${problems}`);
        return;
      }
    }
    t.pass(`${count} seeds from ${first}`);
  });
}

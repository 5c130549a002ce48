import t from 'tap';
import type { Pod } from '../../../../src/api/types/generated/core-v1.ts';
import type { Refusal } from '../../../../src/scheduler/engine/decision.ts';
import { Engine } from '../../../../src/scheduler/engine/engine.ts';
import { type ClusterEvent, mayHelp } from '../../../../src/scheduler/queue/hints.ts';
import { Dice } from '../reference/dice.ts';
import { disturb, tellAll } from '../reference/disturb.ts';
import { randomModel } from '../reference/random-model.ts';
import { randomPod } from '../reference/random-pod.ts';

const first = Number(process.env['KEELSON_SCHEDULER_FIRST_SEED'] ?? 1);
const seeds = Number(process.env['KEELSON_SCHEDULER_SEEDS'] ?? 300);
const steps = 16;

t.test('no event that lets a waiting pod find a node leaves it asleep', async (t) => {
  const seen = { helped: 0, woken: 0, asleep: 0 };
  for (let seed = first; seed < first + seeds; seed += 1) {
    const missed = runSeed(seed, seen);
    if (missed !== undefined) {
      t.fail(`KEELSON_SCHEDULER_FIRST_SEED=${seed} KEELSON_SCHEDULER_SEEDS=1: ${missed}`);
      return;
    }
  }
  t.comment(JSON.stringify(seen));
  t.ok(seen.helped > seeds / 10, 'events helped');
  t.ok(seen.asleep > seen.woken / 2, 'and most pods were left alone');
});

interface Waiting {
  readonly pod: Pod;
  readonly refusal: Refusal;
}

function runSeed(
  seed: number,
  seen: { helped: number; woken: number; asleep: number },
): string | undefined {
  const dice = new Dice(seed);
  const model = randomModel(dice);
  const engine = new Engine({ percentageOfNodesToScore: 100, seed });
  tellAll(engine, model);
  let waiting: Waiting[] = [];
  for (let step = 0; step < steps; step += 1) {
    const events = [...disturb({ dice, model, engine }, step)];
    const pod = randomPod(dice, `pod-${step}`);
    const decision = engine.decide(pod);
    if (decision.outcome === 'unschedulable') waiting.push({ pod, refusal: decision });
    else {
      const bound = { ...pod, spec: { ...pod.spec, nodeName: decision.nodeName } };
      model.pods.push(bound);
      const { facts, slot } = engine.cluster.placePod(bound, decision.nodeName);
      events.push({ kind: 'podCame', facts, slot });
    }
    const still: Waiting[] = [];
    for (const one of waiting) {
      const woken = events.some((event) => mayHelp(event, one.refusal, engine.cluster));
      const again = engine.decide(one.pod);
      if (again.outcome === 'placed') {
        if (!woken && one.pod !== pod) return describe(one, events);
        seen.helped += 1;
      } else still.push({ ...one, refusal: again });
      seen[woken ? 'woken' : 'asleep'] += 1;
    }
    waiting = still;
  }
  return undefined;
}

function describe({ pod, refusal }: Waiting, events: readonly ClusterEvent[]): string {
  const happened = events.map((event) =>
    event.kind === 'node' ? JSON.stringify(event.change) : event.kind,
  );
  return `${pod.metadata.name} slept through ${happened.join(', ')}: ${refusal.message}`;
}

import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import type { Refusal } from '../../../src/scheduler/engine/decision.ts';
import { Engine } from '../../../src/scheduler/engine/engine.ts';
import { Dice } from './reference/dice.ts';
import { disturb, tellAll, type Run } from './reference/disturb.ts';
import { failureOf, refusalOf } from './reference/filter.ts';
import { namespaceOf, type Model } from './reference/model.ts';
import { bestRooms, roomOn } from './reference/preempt.ts';
import { randomModel } from './reference/random-model.ts';
import { randomPod } from './reference/random-pod.ts';
import { scoresOf } from './reference/score.ts';

/** The first seed, and how many: KEELSON_SCHEDULER_SEEDS=20000 runs the test whole. */
const first = Number(process.env['KEELSON_SCHEDULER_FIRST_SEED'] ?? 1);
const seeds = Number(process.env['KEELSON_SCHEDULER_SEEDS'] ?? 400);
const steps = 14;

t.test(`on ${seeds} random clusters all decisions follow the plain formulas`, async (t) => {
  const seen = { placed: 0, refused: 0, preempted: 0, steps: 0 };
  for (let seed = first; seed < first + seeds; seed += 1) {
    try {
      runSeed(seed, seen);
    } catch (error) {
      t.fail(`KEELSON_SCHEDULER_FIRST_SEED=${seed} KEELSON_SCHEDULER_SEEDS=1: ${String(error)}`);
      return;
    }
  }
  t.comment(JSON.stringify(seen));
  t.ok(seen.placed > seeds && seen.refused > seeds / 4 && seen.preempted > seeds / 10);
});

function runSeed(seed: number, seen: Record<string, number>): void {
  const dice = new Dice(seed);
  const model = randomModel(dice);
  const engine = new Engine({ percentageOfNodesToScore: 100, seed });
  tellAll(engine, model);
  for (let step = 0; step < steps; step += 1) {
    seen['steps'] = (seen['steps'] ?? 0) + 1;
    disturb({ dice, model, engine }, step);
    place({ dice, model, engine }, randomPod(dice, `pod-${step}`), seen);
  }
}

function place(run: Run, pod: Pod, seen: Record<string, number>): void {
  const { model, engine } = run;
  const decision = engine.decide(pod);
  const refusal = refusalOf(model, pod);
  const feasible = model.nodes.filter((node) => failureOf(model, pod, node) === undefined);
  if (refusal !== undefined || feasible.length === 0) {
    same(decision.outcome, 'unschedulable', 'outcome');
    seen['refused'] = (seen['refused'] ?? 0) + 1;
    if (refusal === undefined) checkRefusal(run, pod, decision as Refusal);
    else {
      const { length } = model.nodes;
      same(
        (decision as Refusal).message.startsWith(`0/${length} nodes are available: ${refusal}. `),
        true,
        'refusal',
      );
    }
    if ((decision as Refusal).preemption !== undefined) {
      seen['preempted'] = (seen['preempted'] ?? 0) + 1;
    }
    return;
  }
  if (decision.outcome !== 'placed') throw new Error(`not placed: ${decision.message}`);
  seen['placed'] = (seen['placed'] ?? 0) + 1;
  checkScores(run, pod, feasible);
  const scores = scoresOf(model, pod, feasible);
  const most = Math.max(...scores.map(({ total }) => total));
  const chosen = scores.find(({ node }) => node === decision.nodeName);
  same(chosen?.total, most, `points of ${decision.nodeName}`);
  const bound = { ...pod, spec: { ...pod.spec, nodeName: decision.nodeName } };
  model.pods.push(bound);
  engine.cluster.placePod(bound, decision.nodeName);
}

function byName(left: { readonly node: string }, right: { readonly node: string }): number {
  return left.node < right.node ? -1 : 1;
}

function checkScores({ model, engine }: Run, pod: Pod, feasible: Model['nodes']): void {
  const assessed = engine.assess(pod);
  const ours = assessed.feasible.map(({ nodeName, total, points }) => ({
    node: nodeName,
    points: Object.fromEntries(
      points.filter((one) => one.points !== 0).map((one) => [one.rule, one.points]),
    ),
    total,
  }));
  const theirs = scoresOf(model, pod, feasible).map((one) => ({
    ...one,
    points: Object.fromEntries(Object.entries(one.points).filter(([, points]) => points !== 0)),
  }));
  same(ours.toSorted(byName), theirs.toSorted(byName), 'points');
  for (const node of model.nodes) {
    const failure = failureOf(model, pod, node);
    same(assessed.infeasible.get(node.metadata.name ?? ''), failure?.reasons, node.metadata.name);
  }
}

function checkRefusal({ model }: Run, pod: Pod, refusal: Refusal): void {
  const failures = model.nodes.map((node) => ({ node, failure: failureOf(model, pod, node) }));
  const rooms = failures.map(({ node, failure }) =>
    failure?.resolvable === true
      ? roomOn(model, pod, node)
      : ['Preemption is not helpful for scheduling'],
  );
  const found = rooms.filter((room) => 'victims' in room);
  const text = message(
    failures.flatMap(({ failure }) => failure?.reasons ?? []),
    model,
  );
  if (pod.spec.preemptionPolicy === 'Never') {
    same(refusal.message, `${text} preemption: not eligible due to preemptionPolicy=Never.`, '');
  } else if (found.length === 0) {
    const reasons = rooms.flatMap((room) => ('victims' in room ? [] : room));
    same(refusal.message, `${text} preemption: ${message(reasons, model)}`, 'message');
  } else {
    same(refusal.message, text, 'message');
    const { nodeName, victims = [] } = refusal.preemption ?? {};
    const best = bestRooms(found).find(({ node }) => node === nodeName);
    same(
      victims.map(({ key }) => key).toSorted(),
      best?.victims.map((one) => `${namespaceOf(one)}/${one.metadata.name}`).toSorted(),
      `victims on ${nodeName}`,
    );
  }
}

function message(reasons: readonly string[], { nodes }: Model): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).toSorted();
  return `0/${nodes.length} nodes are available: ${texts.join(', ')}.`;
}

function same(ours: unknown, theirs: unknown, what: string | undefined): void {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return;
  throw new Error(`${what}: ${JSON.stringify(ours)} is not ${JSON.stringify(theirs)}`);
}

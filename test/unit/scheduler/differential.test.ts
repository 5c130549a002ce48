import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { readSelector } from '../../../src/scheduler/pod/affinity-term.ts';
import type { Refusal } from '../../../src/scheduler/engine/decision.ts';
import { Engine } from '../../../src/scheduler/engine/engine.ts';
import { Dice } from './reference/dice.ts';
import { failureOf, refusalOf } from './reference/filter.ts';
import { namespaceOf, type Model } from './reference/model.ts';
import { bestRooms, roomOn } from './reference/preempt.ts';
import { randomModel } from './reference/random-model.ts';
import { randomNode } from './reference/random-node.ts';
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

interface Run {
  readonly dice: Dice;
  readonly model: Model;
  readonly engine: Engine;
}

function tellAll({ cluster, budgets }: Engine, model: Model): void {
  for (const node of model.nodes) cluster.setNode(node);
  for (const { metadata } of model.namespaces) {
    cluster.groups.setNamespace(metadata.name ?? '', metadata.labels ?? {});
  }
  for (const { metadata, spec } of model.services) {
    cluster.workloads.setService(placeOf(metadata), spec?.selector ?? {});
  }
  for (const { metadata, spec } of model.replicaSets) {
    const selector = readSelector(spec?.selector ?? {});
    cluster.workloads.setController({ ...placeOf(metadata), kind: 'ReplicaSet' }, selector);
  }
  for (const budget of model.budgets) {
    budgets.set(`${budget.metadata.namespace}/${budget.metadata.name}`, budget);
  }
  for (const claim of model.claims) {
    cluster.volumes.setClaim(`default/${claim.metadata.name}`, claim);
  }
  for (const volume of model.volumes) {
    cluster.volumes.setVolume(volume.metadata.name ?? '', volume);
  }
}

function placeOf({ name = '', namespace = '' }: Pod['metadata']) {
  return { name, namespace };
}

/** Something else happens in the cluster between two pods. */
function disturb({ dice, model, engine }: Run, step: number): void {
  const { cluster } = engine;
  const at = dice.below(model.nodes.length);
  const node = model.nodes[at];
  if (node !== undefined && dice.chance(0.25)) {
    const changed = randomNode(dice, node.metadata.name ?? '');
    model.nodes[at] = changed;
    cluster.setNode(changed);
  }
  if (node !== undefined && dice.chance(0.08) && model.nodes.length > 2) {
    model.nodes.splice(at, 1);
    cluster.deleteNode(node.metadata.name ?? '');
  }
  if (dice.chance(0.08)) {
    // Sometimes one that was there before, whose pods never left.
    const name = dice.chance(0.5) ? `node-${dice.below(8)}` : `node-1${step}`;
    if (!model.nodes.some(({ metadata }) => metadata.name === name)) {
      const added = randomNode(dice, name);
      model.nodes.push(added);
      cluster.setNode(added);
    }
  }
  const gone = model.pods[dice.below(Math.max(1, model.pods.length))];
  if (gone !== undefined && dice.chance(0.2)) {
    model.pods.splice(model.pods.indexOf(gone), 1);
    cluster.removePod(`${namespaceOf(gone)}/${gone.metadata.name}`);
  }
  const leaving = dice.below(Math.max(1, model.pods.length));
  const pod = model.pods[leaving];
  if (pod !== undefined && dice.chance(0.1)) {
    const metadata = { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    model.pods[leaving] = { ...pod, metadata };
    cluster.placePod(model.pods[leaving], pod.spec.nodeName ?? '');
  }
  if (dice.chance(0.1)) {
    const labels = { kind: dice.pick(['open', 'closed']) };
    model.namespaces[1] = { metadata: { name: 'team', labels }, spec: {} };
    cluster.groups.setNamespace('team', labels);
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

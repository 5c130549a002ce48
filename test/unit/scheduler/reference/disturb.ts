import type { Pod } from '../../../../src/api/types/generated/core-v1.ts';
import type { Engine } from '../../../../src/scheduler/engine/engine.ts';
import { readSelector } from '../../../../src/scheduler/pod/affinity-term.ts';
import type { ClusterEvent } from '../../../../src/scheduler/queue/hints.ts';
import type { Dice } from './dice.ts';
import { namespaceOf, type Model } from './model.ts';
import { randomNode } from './random-node.ts';

export interface Run {
  readonly dice: Dice;
  readonly model: Model;
  readonly engine: Engine;
}

/** Tells an engine of everything but pods. */
export function tellAll({ cluster, budgets }: Engine, model: Model): void {
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

/** Something else happens in the cluster between two pods: the same to model and engine. */
export function disturb(run: Run, step: number): readonly ClusterEvent[] {
  return [...disturbNodes(run, step), ...disturbPods(run), ...disturbNamespaces(run)];
}

function disturbNodes({ dice, model, engine }: Run, step: number): ClusterEvent[] {
  const { cluster } = engine;
  const events: ClusterEvent[] = [];
  const at = dice.below(model.nodes.length);
  const node = model.nodes[at];
  if (node !== undefined && dice.chance(0.25)) {
    const changed = randomNode(dice, node.metadata.name ?? '');
    model.nodes[at] = changed;
    events.push({ kind: 'node', change: cluster.setNode(changed) });
  }
  if (node !== undefined && dice.chance(0.08) && model.nodes.length > 2) {
    model.nodes.splice(at, 1);
    cluster.deleteNode(node.metadata.name ?? '');
    events.push({ kind: 'nodeGone' });
  }
  if (dice.chance(0.08)) {
    // Sometimes one that was there before, whose pods never left.
    const name = dice.chance(0.5) ? `node-${dice.below(8)}` : `node-1${step}`;
    if (!model.nodes.some(({ metadata }) => metadata.name === name)) {
      const added = randomNode(dice, name);
      model.nodes.push(added);
      events.push({ kind: 'node', change: cluster.setNode(added) });
    }
  }
  return events;
}

function disturbPods({ dice, model, engine }: Run): ClusterEvent[] {
  const { cluster } = engine;
  const events: ClusterEvent[] = [];
  const gone = model.pods[dice.below(Math.max(1, model.pods.length))];
  if (gone !== undefined && dice.chance(0.2)) {
    model.pods.splice(model.pods.indexOf(gone), 1);
    const placed = cluster.removePod(`${namespaceOf(gone)}/${gone.metadata.name}`);
    if (placed !== undefined) {
      events.push({ kind: 'podGone', facts: placed.facts, slot: placed.slot });
    }
  }
  const leaving = dice.below(Math.max(1, model.pods.length));
  const pod = model.pods[leaving];
  if (pod !== undefined && dice.chance(0.1)) {
    const metadata = { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
    model.pods[leaving] = { ...pod, metadata };
    const { facts, slot } = cluster.placePod(model.pods[leaving], pod.spec.nodeName ?? '');
    events.push({ kind: 'podGone', facts, slot }, { kind: 'podCame', facts, slot });
  }
  return events;
}

function disturbNamespaces({ dice, model, engine }: Run): ClusterEvent[] {
  if (!dice.chance(0.1)) return [];
  const labels = { kind: dice.pick(['open', 'closed']) };
  model.namespaces[1] = { metadata: { name: 'team', labels }, spec: {} };
  engine.cluster.groups.setNamespace('team', labels);
  return [{ kind: 'namespaces' }];
}

import { amountOf } from '../deployment/bounds.ts';
import { isAvailable, isFinished, isTerminating } from '../pod-state.ts';
import { revisionLabel } from '../revision-history.ts';
import type { DaemonSet, Node, Pod } from '../stored.ts';
import { nodeOf } from './daemon-pod.ts';
import { fitOf } from './node-fit.ts';

export interface Daemons {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** The hash of the newest template. */
  readonly revision: string;
  readonly nowMs: number;
}

export interface DaemonPlan {
  /** Nodes that lack a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Of those removed, the ones that have failed where they were. */
  readonly failed: readonly Pod[];
}

/** One pod on each node that it fits, none elsewhere; old ones are replaced a few at a time. */
export function planDaemons(daemons: Daemons): DaemonPlan {
  const { set, nodes, pods } = daemons;
  const byNode = Map.groupBy(pods, (pod) => nodeOf(pod) ?? '');
  const create: string[] = [];
  const remove: Pod[] = [];
  const failed: Pod[] = [];
  for (const node of nodes) {
    const { name } = node.metadata;
    const here = (byNode.get(name) ?? []).filter((pod) => !isTerminating(pod));
    const leaving = (byNode.get(name) ?? []).length > here.length;
    const { mayStart, mayStay } = fitOf(set.spec.template.spec ?? { containers: [] }, node);
    const dead = here.filter(isFinished);
    const alive = here.filter((pod) => !isFinished(pod));
    remove.push(...dead);
    failed.push(...dead.filter(({ status }) => status?.phase === 'Failed'));
    if (!mayStay) remove.push(...alive);
    else if (here.length === 0 && mayStart && !leaving) create.push(name);
    else remove.push(...superfluous(daemons, alive));
  }
  // What is for a node that is no more has nowhere to go.
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  for (const [name, here] of byNode) {
    if (!known.has(name)) remove.push(...here.filter((pod) => !isTerminating(pod)));
  }
  const update = planUpdate(daemons, new Set(remove));
  return { create: [...create, ...update.create], remove: [...remove, ...update.remove], failed };
}

/** Of several of one revision the oldest stays. */
function superfluous({ revision }: Daemons, pods: readonly Pod[]): readonly Pod[] {
  const [newest, old] = [true, false].map((isNew) =>
    pods.filter((pod) => isOf(revision, pod) === isNew).toSorted(byAge),
  );
  return [...(newest ?? []).slice(1), ...(old ?? []).slice(1)];
}

function planUpdate(
  daemons: Daemons,
  removed: ReadonlySet<Pod>,
): Pick<DaemonPlan, 'create' | 'remove'> {
  const { set, nodes, pods, revision } = daemons;
  if (set.spec.updateStrategy?.type === 'OnDelete') return { create: [], remove: [] };
  const spec = set.spec.template.spec ?? { containers: [] };
  const wanted = nodes.filter((node) => fitOf(spec, node).mayStart);
  const { maxSurge = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const surge = amountOf(maxSurge, wanted.length, Math.ceil);
  const missing = amountOf(maxUnavailable, wanted.length, Math.ceil);
  const unavailable = Math.max(missing, surge === 0 ? 1 : 0);
  const byNode = Map.groupBy(
    pods.filter((pod) => !removed.has(pod)),
    (pod) => nodeOf(pod) ?? '',
  );
  const states = wanted.map((node) => {
    const here = byNode.get(node.metadata.name) ?? [];
    const live = here.filter((pod) => !isTerminating(pod) && !isFinished(pod));
    return {
      name: node.metadata.name,
      newer: live.find((pod) => isOf(revision, pod)),
      older: live.find((pod) => !isOf(revision, pod)),
      available: live.some((pod) => canServe(daemons, pod)),
    };
  });
  return surge > 0
    ? planSurge(daemons, states, surge)
    : { create: [], remove: planInPlace(daemons, states, unavailable) };
}

interface NodeState {
  readonly name: string;
  readonly newer: Pod | undefined;
  readonly older: Pod | undefined;
  readonly available: boolean;
}

/** An old pod goes first; those that do not serve anyway cost nothing. */
function planInPlace(
  daemons: Daemons,
  states: readonly NodeState[],
  unavailable: number,
): readonly Pod[] {
  let room = unavailable - states.filter(({ available }) => !available).length;
  const remove: Pod[] = [];
  for (const { older, newer } of states) {
    if (older === undefined || newer !== undefined) continue;
    if (!canServe(daemons, older)) remove.push(older);
    else if (room > 0) {
      remove.push(older);
      room -= 1;
    }
  }
  return remove;
}

/** A new pod comes first, beside the old one, which goes when the new one serves. */
function planSurge(
  daemons: Daemons,
  states: readonly NodeState[],
  surge: number,
): Pick<DaemonPlan, 'create' | 'remove'> {
  const doubled = states.filter(({ older, newer }) => older !== undefined && newer !== undefined);
  let room = surge - doubled.length;
  const create: string[] = [];
  const remove: Pod[] = [];
  for (const { name, older, newer } of states) {
    if (older === undefined) continue;
    if (newer !== undefined) {
      if (canServe(daemons, newer)) remove.push(older);
    } else if (!canServe(daemons, older)) {
      create.push(name);
    } else if (room > 0) {
      create.push(name);
      room -= 1;
    }
  }
  return { create, remove };
}

export function isOf(revision: string, { metadata }: Pod): boolean {
  return metadata.labels?.[revisionLabel] === revision;
}

function canServe({ set, nowMs }: Daemons, pod: Pod): boolean {
  return isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs);
}

function byAge(a: Pod, b: Pod): number {
  const [left, right] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

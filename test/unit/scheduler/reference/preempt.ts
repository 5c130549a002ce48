import type { Node, Pod } from '../../../../src/api/types/generated/core-v1.ts';
import { failureOf } from './filter.ts';
import { labelsOf, namespaceOf, podsOn, priorityOf, selects, type Model } from './model.ts';

export interface Room {
  readonly node: string;
  readonly victims: readonly Pod[];
  readonly harm: readonly number[];
}

const startOf = (pod: Pod) =>
  pod.status?.startTime === undefined ? Infinity : Date.parse(pod.status.startTime);

const moreImportant = (left: Pod, right: Pod) =>
  priorityOf(right) - priorityOf(left) ||
  compare(startOf(left), startOf(right)) ||
  (nameOf(left) < nameOf(right) ? -1 : 1);

const nameOf = (pod: Pod) => `${namespaceOf(pod)}/${pod.metadata.name}`;

const compare = (left: number, right: number) => (left === right ? 0 : left < right ? -1 : 1);

function violatesBudget(model: Model, pods: readonly Pod[]): Set<Pod> {
  const left = model.budgets.map((budget) => budget.status?.disruptionsAllowed ?? 0);
  const violating = new Set<Pod>();
  for (const pod of pods) {
    model.budgets.forEach((budget, at) => {
      if (budget.metadata.namespace !== namespaceOf(pod)) return;
      if (!selects(budget.spec.selector, labelsOf(pod))) return;
      left[at] = (left[at] ?? 0) - 1;
      if ((left[at] ?? 0) < 0) violating.add(pod);
    });
  }
  return violating;
}

/** What evicting pods of one node costs: the harm is compared number by number. */
export function roomOn(model: Model, pod: Pod, node: Node): Room | readonly string[] {
  const lesser = podsOn(model, node)
    .filter((one) => priorityOf(one) < priorityOf(pod))
    .toSorted(moreImportant);
  if (lesser.length === 0) return ['No preemption victims found for incoming pod'];
  const without = { ...model, pods: model.pods.filter((one) => !lesser.includes(one)) };
  const failure = failureOf(without, pod, node);
  if (failure !== undefined) return failure.reasons;
  const violating = violatesBudget(model, lesser);
  const evicted: Pod[] = [];
  const order = [...violating, ...lesser.filter((one) => !violating.has(one))];
  for (const one of order) {
    without.pods.push(one);
    if (failureOf(without, pod, node) === undefined) continue;
    without.pods.pop();
    evicted.push(one);
  }
  const victims = evicted.toSorted(moreImportant);
  const [first] = victims;
  const top = first === undefined ? -Infinity : priorityOf(first);
  const starts = victims.filter((one) => priorityOf(one) === top).map(startOf);
  return {
    node: node.metadata.name ?? '',
    victims,
    harm: [
      victims.filter((one) => violating.has(one)).length,
      top,
      victims.reduce((sum, one) => sum + priorityOf(one) + 2 ** 31, 0),
      victims.length,
      -Math.min(...starts),
    ],
  };
}

/** The rooms that do the least harm. */
export function bestRooms(rooms: readonly Room[]): readonly Room[] {
  const less = (left: Room, right: Room) => {
    const at = left.harm.findIndex((value, index) => value !== right.harm[index]);
    return at >= 0 && (left.harm[at] ?? 0) < (right.harm[at] ?? 0);
  };
  return rooms.filter((room) => !rooms.some((other) => less(other, room)));
}

import type { Node, Pod } from '../../../../src/api/types/generated/core-v1.ts';
import { counts, included, type Constraint } from './filter.ts';
import {
  amount,
  labelsOf,
  meets,
  namespaceOf,
  podsOn,
  requests,
  selects,
  speaksOf,
  tolerated,
  type Model,
} from './model.ts';

type Score = (model: Model, pod: Pod, nodes: readonly Node[]) => readonly number[];

const reverse = (raw: readonly number[]) => {
  const most = Math.max(...raw);
  return raw.map((value) => (most === 0 ? 100 : 100 - Math.floor((100 * value) / most)));
};

const taints: Score = (_, pod, nodes) =>
  reverse(
    nodes.map((node) => {
      const tolerations = (pod.spec.tolerations ?? []).filter(
        ({ effect = '' }) => effect === '' || effect === 'PreferNoSchedule',
      );
      return (node.spec?.taints ?? []).filter(
        (taint) => taint.effect === 'PreferNoSchedule' && !tolerated(tolerations, taint),
      ).length;
    }),
  );

const nodeAffinity: Score = (_, pod, nodes) => {
  const terms =
    pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const raw = nodes.map((node) =>
    terms.reduce((sum, one) => sum + (meets(one.preference, node) ? one.weight : 0), 0),
  );
  const most = Math.max(...raw);
  return raw.map((value) => (most === 0 ? 0 : Math.floor((100 * value) / most)));
};

const assumed = { cpu: 100, memory: 200 * 1024 ** 2 };

const have = (node: Node, name: string) => amount(name, node.status?.allocatable?.[name] ?? '0');

const least: Score = (model, pod, nodes) =>
  nodes.map((node) => {
    const on = [...podsOn(model, node), pod];
    const points = ['cpu', 'memory']
      .filter((name) => have(node, name) > 0)
      .map((name) => {
        const used = on.reduce((sum, one) => sum + (requests(one, assumed)[name] ?? 0), 0);
        const all = have(node, name);
        return used > all ? 0 : Math.floor(((all - used) * 100) / all);
      });
    return points.length === 0
      ? 0
      : Math.floor(points.reduce((sum, one) => sum + one, 0) / points.length);
  });

const balanced: Score = (model, pod, nodes) => {
  const { cpu = 0, memory = 0 } = requests(pod);
  if (cpu === 0 && memory === 0) return nodes.map(() => 0);
  return nodes.map((node) => {
    const on = [...podsOn(model, node), pod];
    const shares = ['cpu', 'memory']
      .filter((name) => have(node, name) > 0)
      .map((name) => {
        const used = on.reduce((sum, one) => sum + (requests(one)[name] ?? 0), 0);
        return Math.min(1, used / have(node, name));
      });
    const [left = 0, right = left] = shares;
    return Math.floor((1 - Math.abs(left - right) / 2) * 100);
  });
};

function softConstraints(model: Model, pod: Pod): { list: Constraint[]; everyKey: boolean } {
  const own = pod.spec.topologySpreadConstraints ?? [];
  if (own.length > 0) {
    return {
      list: own.filter((one) => one.whenUnsatisfiable !== 'DoNotSchedule'),
      everyKey: true,
    };
  }
  const matchLabels: Record<string, string> = {};
  for (const service of model.services) {
    const selector = service.spec?.selector ?? {};
    if (service.metadata.namespace !== namespaceOf(pod)) continue;
    if (Object.keys(selector).length > 0 && selects({ matchLabels: selector }, labelsOf(pod))) {
      Object.assign(matchLabels, selector);
    }
  }
  const owner = pod.metadata.ownerReferences?.find((one) => one.controller);
  const set = model.replicaSets.find(
    ({ metadata }) =>
      owner?.kind === 'ReplicaSet' &&
      metadata.name === owner.name &&
      metadata.namespace === namespaceOf(pod),
  );
  const matchExpressions = Object.entries(set?.spec?.selector.matchLabels ?? {}).map(
    ([key, value]) => ({ key, operator: 'In', values: [value] }),
  );
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) {
    return { list: [], everyKey: false };
  }
  const labelSelector = { matchLabels, matchExpressions };
  const soft = { whenUnsatisfiable: 'ScheduleAnyway', labelSelector };
  return {
    list: [
      { ...soft, topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
      { ...soft, topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
    ],
    everyKey: false,
  };
}

const spread: Score = (model, pod, nodes) => {
  const { list, everyKey } = softConstraints(model, pod);
  if (list.length === 0) return nodes.map(() => 0);
  const keyed = (node: Node) =>
    !everyKey || list.every(({ topologyKey }) => labelsOf(node)[topologyKey] !== undefined);
  const like = (node: Node, constraint: Constraint) =>
    podsOn(model, node).filter((one) => counts({ owner: pod, constraint }, one)).length;
  const raw = nodes.map((node) => {
    if (!keyed(node)) return undefined;
    let sum = 0;
    for (const constraint of list) {
      const key = constraint.topologyKey;
      const value = labelsOf(node)[key];
      if (value === undefined) continue;
      const scored = nodes.filter(keyed);
      const perNode = key === 'kubernetes.io/hostname';
      const size = perNode
        ? scored.length
        : new Set(scored.map((one) => labelsOf(one)[key] ?? '')).size;
      const there = model.nodes.filter(
        (one) => labelsOf(one)[key] === value && keyed(one) && included(pod, one, constraint),
      );
      const count = perNode
        ? like(node, constraint)
        : there.reduce((total, one) => total + like(one, constraint), 0);
      sum += count * Math.log(size + 2) + (constraint.maxSkew - 1);
    }
    return Math.round(sum);
  });
  const known = raw.filter((value) => value !== undefined);
  const most = Math.max(0, ...known);
  const fewest = Math.min(...known);
  return raw.map((value) => {
    if (value === undefined) return 0;
    return most === 0 ? 100 : Math.floor((100 * (most + fewest - value)) / most);
  });
};

const termsOf = (of: Pod) => {
  const { podAffinity: near, podAntiAffinity: far } = of.spec.affinity ?? {};
  const prefer = near?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const avoid = far?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...prefer.map(({ weight, podAffinityTerm: term }) => ({ weight, term })),
    ...avoid.map(({ weight, podAffinityTerm: term }) => ({ weight: -weight, term })),
  ];
};
const required = (of: Pod) =>
  (of.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(
    (term) => ({ weight: 1, term }),
  );

const podAffinity: Score = (model, pod, nodes) => {
  const raw = nodes.map((node) => {
    let sum = 0;
    for (const other of model.pods) {
      const there = model.nodes.find((one) => one.metadata.name === other.spec.nodeName);
      if (there === undefined) continue;
      const same = (key: string) =>
        labelsOf(node)[key] !== undefined && labelsOf(node)[key] === labelsOf(there)[key];
      for (const { weight, term } of termsOf(pod)) {
        if (speaksOf(model, { owner: pod, term }, other) && same(term.topologyKey)) sum += weight;
      }
      for (const { weight, term } of [...termsOf(other), ...required(other)]) {
        if (speaksOf(model, { owner: other, term }, pod) && same(term.topologyKey)) sum += weight;
      }
    }
    return sum;
  });
  const most = Math.max(...raw);
  const fewest = Math.min(...raw);
  return raw.map((value) =>
    most === fewest ? 0 : Math.floor(100 * ((value - fewest) / (most - fewest))),
  );
};

const named = (name: string) => (/:[^/]*$/.test(name) ? name : `${name}:latest`);

const sizeOn = (node: Node, image: string) =>
  node.status?.images?.find((one) => one.names?.some((name) => named(name) === named(image)))
    ?.sizeBytes;

const images: Score = (model, pod, nodes) => {
  const wanted = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return nodes.map((node) => {
    const sum = wanted.reduce((total, { image = '' }) => {
      const size = sizeOn(node, image);
      const having = model.nodes.filter((one) => sizeOn(one, image) !== undefined).length;
      return total + (size === undefined ? 0 : Math.floor(size * (having / model.nodes.length)));
    }, 0);
    const low = 23 * 1024 ** 2;
    const high = 1000 * 1024 ** 2 * wanted.length;
    return Math.floor((100 * (Math.min(Math.max(sum, low), high) - low)) / (high - low));
  });
};

const scores: readonly (readonly [rule: string, weight: number, score: Score])[] = [
  ['TaintToleration', 3, taints],
  ['NodeAffinity', 2, nodeAffinity],
  ['NodeResourcesFit', 1, least],
  ['NodeResourcesBalancedAllocation', 1, balanced],
  ['PodTopologySpread', 2, spread],
  ['InterPodAffinity', 2, podAffinity],
  ['ImageLocality', 1, images],
];

/** The points of each node by rule, and in all. */
export function scoresOf(model: Model, pod: Pod, nodes: readonly Node[]) {
  const tables = scores.map(([rule, weight, score]) => {
    return { rule, weight, points: score(model, pod, nodes) };
  });
  return nodes.map((node, at) => ({
    node: node.metadata.name ?? '',
    points: Object.fromEntries(tables.map(({ rule, points }) => [rule, points[at] ?? 0])),
    total: tables.reduce((sum, { weight, points }) => sum + weight * (points[at] ?? 0), 0),
  }));
}

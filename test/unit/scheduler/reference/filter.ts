import type { Node, Pod } from '../../../../src/api/types/generated/core-v1.ts';
import {
  amount,
  labelsOf,
  meets,
  namespaceOf,
  nodeAllowed,
  podsOn,
  requests,
  selects,
  speaksOf,
  tolerated,
  untolerated,
  type Model,
} from './model.ts';

export interface Failure {
  readonly reasons: readonly string[];
  /** Whether it helps when other pods leave. */
  readonly resolvable: boolean;
}

type Check = (model: Model, pod: Pod, node: Node) => Failure | undefined;

const hopeless = (...reasons: string[]): Failure => ({ reasons, resolvable: false });
const curable = (...reasons: string[]): Failure => ({ reasons, resolvable: true });

const cordoned: Check = (_, pod, node) =>
  node.spec?.unschedulable === true &&
  !tolerated(pod.spec.tolerations ?? [], {
    key: 'node.kubernetes.io/unschedulable',
    effect: 'NoSchedule',
  })
    ? hopeless('node(s) were unschedulable')
    : undefined;

const tainted: Check = (_, pod, node) => {
  const taint = untolerated(pod, node);
  return taint && hopeless(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
};

const selected: Check = (_, pod, node) =>
  nodeAllowed(pod, node)
    ? undefined
    : hopeless("node(s) didn't match Pod's node affinity/selector");

const portsOf = (pod: Pod) =>
  [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always'),
  ].flatMap((container) => (container.ports ?? []).filter((port) => (port.hostPort ?? 0) > 0));

const any = (ip: string | undefined) => ip === undefined || ip === '' || ip === '0.0.0.0';

const ports: Check = (model, pod, node) => {
  const taken = podsOn(model, node).flatMap(portsOf);
  const collides = portsOf(pod).some((want) =>
    taken.some(
      (have) =>
        have.hostPort === want.hostPort &&
        (have.protocol ?? 'TCP') === (want.protocol ?? 'TCP') &&
        (any(have.hostIP) || any(want.hostIP) || have.hostIP === want.hostIP),
    ),
  );
  return collides
    ? curable("node(s) didn't have free ports for the requested pod ports")
    : undefined;
};

const fits: Check = (model, pod, node) => {
  const allocatable = node.status?.allocatable ?? {};
  const have = (name: string) => amount(name, allocatable[name] ?? '0');
  const on = podsOn(model, node);
  const used = (name: string) => on.reduce((sum, one) => sum + (requests(one)[name] ?? 0), 0);
  const asked = Object.entries(requests(pod)).filter(([, wanted]) => wanted > 0);
  const missing = asked.filter(([name, wanted]) => wanted > have(name) - used(name));
  const reasons = missing.map(([name]) => `Insufficient ${name}`);
  if (on.length + 1 > have('pods')) reasons.unshift('Too many pods');
  if (reasons.length === 0) return undefined;
  return { reasons, resolvable: asked.every(([name, wanted]) => wanted <= have(name)) };
};

const claimNames = (pod: Pod) =>
  (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
    claim === undefined ? [] : [claim.claimName],
  );

const claimOf = (model: Model, pod: Pod, name: string) =>
  model.claims.find(
    ({ metadata }) => metadata.name === name && metadata.namespace === namespaceOf(pod),
  );

const exclusive: Check = (model, pod) => {
  const taken = claimNames(pod).some(
    (name) =>
      claimOf(model, pod, name)?.spec.accessModes?.includes('ReadWriteOncePod') &&
      model.pods.some(
        (other) => namespaceOf(other) === namespaceOf(pod) && claimNames(other).includes(name),
      ),
  );
  return taken
    ? curable(
        'node has pod using PersistentVolumeClaim with the same name and ' +
          'ReadWriteOncePod access mode',
      )
    : undefined;
};

const boundVolumes = (model: Model, pod: Pod) =>
  claimNames(pod).flatMap((name) => {
    const volume = claimOf(model, pod, name)?.spec.volumeName;
    return model.volumes.filter(({ metadata }) => metadata.name === volume);
  });

const reachable: Check = (model, pod, node) => {
  const far = boundVolumes(model, pod).some((volume) => {
    const terms = volume.spec.nodeAffinity?.required?.nodeSelectorTerms;
    return terms !== undefined && !terms.some((term) => meets(term, node));
  });
  return far ? hopeless("node(s) didn't match PersistentVolume's node affinity") : undefined;
};

const zoned: Check = (model, pod, node) => {
  const key = 'topology.kubernetes.io/zone';
  const zone = labelsOf(node)[key];
  const wrong = boundVolumes(model, pod).some((volume) => {
    const zones = labelsOf(volume)[key]?.split('__');
    return zone !== undefined && zones !== undefined && !zones.includes(zone);
  });
  return wrong ? hopeless('node(s) had no available volume zone') : undefined;
};

export type Constraint = NonNullable<Pod['spec']['topologySpreadConstraints']>[number];

/** Whether a pod counts for a constraint of another. */
export function counts(of: { owner: Pod; constraint: Constraint }, other: Pod): boolean {
  const { owner, constraint } = of;
  const own = labelsOf(owner);
  return (
    namespaceOf(other) === namespaceOf(owner) &&
    other.metadata.deletionTimestamp === undefined &&
    selects(constraint.labelSelector, labelsOf(other)) &&
    (constraint.matchLabelKeys ?? []).every(
      (key) => own[key] === undefined || labelsOf(other)[key] === own[key],
    )
  );
}

/** Whether a node is looked at for a constraint. */
export function included(pod: Pod, node: Node, constraint: Constraint): boolean {
  if (constraint.nodeAffinityPolicy !== 'Ignore' && !nodeAllowed(pod, node)) return false;
  return constraint.nodeTaintsPolicy !== 'Honor' || untolerated(pod, node) === undefined;
}

const spread: Check = (model, pod, node) => {
  const uneven = "node(s) didn't match pod topology spread constraints";
  const hard = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  const keys = hard.map(({ topologyKey }) => topologyKey);
  for (const constraint of hard) {
    const key = constraint.topologyKey;
    const mine = labelsOf(node)[key];
    if (mine === undefined) return hopeless(`${uneven} (missing required label)`);
    const domains = new Map<string, number>();
    for (const other of model.nodes) {
      if (!keys.every((one) => labelsOf(other)[one] !== undefined)) continue;
      if (!included(pod, other, constraint)) continue;
      const value = labelsOf(other)[key] ?? '';
      const like = podsOn(model, other).filter((one) => counts({ owner: pod, constraint }, one));
      domains.set(value, (domains.get(value) ?? 0) + like.length);
    }
    const least = domains.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...domains.values());
    // The pod itself, as if it had no deletion time and were there.
    const self = counts({ owner: pod, constraint }, pod) ? 1 : 0;
    if ((domains.get(mine) ?? 0) + self - least > constraint.maxSkew) return curable(uneven);
  }
  return undefined;
};

const affinity: Check = (model, pod, node) => {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const near = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const nodeOf = (one: Pod) => model.nodes.find((n) => n.metadata.name === one.spec.nodeName);
  const domain = (one: Pod, key: string) => labelsOf(nodeOf(one) ?? { metadata: {} })[key];
  const here = (key: string) => labelsOf(node)[key];
  const together = model.pods.filter((one) =>
    near.every((term) => speaksOf(model, { owner: pod, term }, one)),
  );
  const alone =
    near.every(({ topologyKey: key }) => together.every((one) => domain(one, key) === undefined)) &&
    near.every((term) => speaksOf(model, { owner: pod, term }, pod));
  for (const { topologyKey: key } of near) {
    const found = together.some((one) => domain(one, key) === here(key));
    if (here(key) === undefined || (!alone && !found)) {
      return hopeless("node(s) didn't match pod affinity rules");
    }
  }
  const collides = (key: string, one: Pod) =>
    here(key) !== undefined && domain(one, key) === here(key);
  const repelled = far.some((term) =>
    model.pods.some(
      (one) => speaksOf(model, { owner: pod, term }, one) && collides(term.topologyKey, one),
    ),
  );
  if (repelled) return curable("node(s) didn't match pod anti-affinity rules");
  const repelling = model.pods.some((one) =>
    (one.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(
      (term) => speaksOf(model, { owner: one, term }, pod) && collides(term.topologyKey, one),
    ),
  );
  return repelling
    ? curable("node(s) didn't satisfy existing pods anti-affinity rules")
    : undefined;
};

const checks: readonly Check[] = [
  cordoned,
  tainted,
  selected,
  ports,
  fits,
  exclusive,
  reachable,
  zoned,
  spread,
  affinity,
];

/** The first rule that the node breaks, or undefined. */
export function failureOf(model: Model, pod: Pod, node: Node): Failure | undefined {
  for (const check of checks) {
    const failure = check(model, pod, node);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Why no node needs to be asked. */
export function refusalOf(model: Model, pod: Pod): string | undefined {
  for (const name of claimNames(pod)) {
    const claim = claimOf(model, pod, name);
    if (claim === undefined) return `persistentvolumeclaim "${name}" not found`;
  }
  return claimNames(pod).some((name) => claimOf(model, pod, name)?.spec.volumeName === undefined)
    ? 'pod has unbound immediate PersistentVolumeClaims'
    : undefined;
}

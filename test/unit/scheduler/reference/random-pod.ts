import type { Pod } from '../../../../src/api/types/generated/core-v1.ts';
import type { LabelSelector } from '../../../../src/api/types/generated/meta-v1.ts';
import type { Dice } from './dice.ts';

type Spec = Pod['spec'];
type Affinity = NonNullable<Spec['affinity']>;
type PodTerm = NonNullable<
  NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']
>[number];

const topologies = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'rack'] as const;
const images = ['web', 'db:1', 'registry.example:5000/tools'] as const;

/** A pod with a few of all the ways to say where it wants to be. */
export function randomPod(dice: Dice, name: string): Pod {
  const labels: Record<string, string> = { app: dice.pick(['a', 'b', 'c']) };
  if (dice.chance(0.5)) labels['tier'] = dice.pick(['front', 'back']);
  if (dice.chance(0.3)) labels['version'] = dice.pick(['1', '2']);
  return {
    metadata: {
      name,
      namespace: dice.pick(['default', 'team']),
      uid: name,
      labels,
      ...(dice.chance(0.3) ? { ownerReferences: [owner(dice)] } : {}),
    },
    spec: {
      containers: dice.times(1 + dice.below(2), (at) => container(dice, `c${at}`)),
      ...(dice.chance(0.2) ? { initContainers: inits(dice) } : {}),
      priority: dice.pick([-5, 0, 0, 0, 10, 1000]),
      ...(dice.chance(0.4) ? { tolerations: tolerations(dice) } : {}),
      ...(dice.chance(0.1) ? { nodeSelector: { disk: dice.pick(['ssd', 'hdd']) } } : {}),
      ...(dice.chance(0.6) ? { affinity: affinity(dice) } : {}),
      ...(dice.chance(0.35) ? { topologySpreadConstraints: constraints(dice) } : {}),
      ...(dice.chance(0.05) ? { overhead: { cpu: '50m' } } : {}),
      ...(dice.chance(0.1) ? { volumes: volumes(dice) } : {}),
      ...(dice.chance(0.05) ? { preemptionPolicy: 'Never' } : {}),
    },
    status: { startTime: `2026-01-01T00:00:0${dice.below(10)}Z` },
  };
}

function owner(dice: Dice) {
  const name = dice.pick(['set-a', 'set-b']);
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: name, controller: true };
}

function container(dice: Dice, name: string): Spec['containers'][number] {
  const asked: Record<string, string> = {};
  if (dice.chance(0.8)) asked['cpu'] = dice.pick(['100m', '250m', '500m', '1', '1500m', '5']);
  if (dice.chance(0.7)) asked['memory'] = dice.pick(['128Mi', '500Mi', '1Gi', '3Gi']);
  if (dice.chance(0.1)) asked['example.com/gpu'] = dice.pick(['1', '2']);
  if (dice.chance(0.05)) asked['ephemeral-storage'] = '1Gi';
  const port = { containerPort: 80, hostPort: dice.pick([80, 443]) };
  const address = dice.pick([{}, { hostIP: '10.0.0.1' }, { protocol: 'UDP' }]);
  return {
    name,
    image: dice.pick(images),
    ...(dice.chance(0.9) ? { resources: { requests: asked } } : {}),
    ...(dice.chance(0.12) ? { ports: [{ ...port, ...address }] } : {}),
  };
}

function inits(dice: Dice): Spec['containers'] {
  return dice.times(1 + dice.below(3), (at) => ({
    ...container(dice, `i${at}`),
    ...(dice.chance(0.5) ? { restartPolicy: 'Always' } : {}),
  }));
}

function tolerations(dice: Dice): NonNullable<Spec['tolerations']> {
  const all = [
    { operator: 'Exists' },
    { key: 'dedicated', operator: 'Equal', value: 'x', effect: 'NoSchedule' },
    { key: 'dedicated', operator: 'Exists' },
    { key: 'slow', operator: 'Exists', effect: 'PreferNoSchedule' },
    { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
    { key: 'broken', value: '' },
  ] as const;
  return dice.times(1 + dice.below(2), () => dice.pick(all));
}

function selector(dice: Dice): LabelSelector {
  if (dice.chance(0.05)) return {};
  const key = dice.pick(['app', 'tier', 'version']);
  const value = { app: 'a', tier: 'front', version: '1' }[key] ?? '';
  if (dice.chance(0.6)) return { matchLabels: { [key]: value } };
  const operator = dice.pick(['In', 'NotIn', 'Exists', 'DoesNotExist']);
  const values = operator.endsWith('In') ? { values: [value, 'b'] } : {};
  return { matchExpressions: [{ key, operator, ...values }] };
}

function podTerm(dice: Dice): PodTerm {
  return {
    topologyKey: dice.pick(topologies),
    ...(dice.chance(0.95) ? { labelSelector: selector(dice) } : {}),
    ...(dice.chance(0.2) ? { namespaces: [dice.pick(['default', 'team'])] } : {}),
    ...(dice.chance(0.2)
      ? { namespaceSelector: dice.chance(0.3) ? {} : { matchLabels: { kind: 'open' } } }
      : {}),
    ...(dice.chance(0.1) ? { matchLabelKeys: ['version'] } : {}),
    ...(dice.chance(0.1) ? { mismatchLabelKeys: ['tier'] } : {}),
  };
}

function nodeTerm(dice: Dice) {
  const all = [
    { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd', 'nvme'] }] },
    { matchExpressions: [{ key: 'disk', operator: 'NotIn', values: ['hdd'] }] },
    { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
    { matchExpressions: [{ key: 'rack', operator: 'DoesNotExist' }] },
    { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['8'] }] },
    {
      matchExpressions: [
        { key: 'cores', operator: 'Lt', values: ['16'] },
        { key: 'disk', operator: 'Exists' },
      ],
    },
    { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['node-1'] }] },
    {},
  ] as const;
  return dice.pick(all);
}

function affinity(dice: Dice): Affinity {
  const weighted = () => ({ weight: 1 + dice.below(100), podAffinityTerm: podTerm(dice) });
  const preferredNodes = dice.times(1 + dice.below(2), () => {
    return { weight: 1 + dice.below(100), preference: nodeTerm(dice) };
  });
  return {
    nodeAffinity: {
      ...(dice.chance(0.2)
        ? {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: dice.times(1 + dice.below(2), () => nodeTerm(dice)),
            },
          }
        : {}),
      ...(dice.chance(0.3)
        ? { preferredDuringSchedulingIgnoredDuringExecution: preferredNodes }
        : {}),
    },
    podAffinity: podTerms(dice, weighted, 0.15),
    podAntiAffinity: podTerms(dice, weighted, 0.25),
  };
}

function podTerms(
  dice: Dice,
  weighted: () => { weight: number; podAffinityTerm: PodTerm },
  required: number,
) {
  return {
    ...(dice.chance(required)
      ? {
          requiredDuringSchedulingIgnoredDuringExecution: dice.times(1 + dice.below(2), () =>
            podTerm(dice),
          ),
        }
      : {}),
    ...(dice.chance(0.3)
      ? {
          preferredDuringSchedulingIgnoredDuringExecution: dice.times(1 + dice.below(2), weighted),
        }
      : {}),
  };
}

function constraints(dice: Dice): NonNullable<Spec['topologySpreadConstraints']> {
  return dice.times(1 + dice.below(2), () => ({
    maxSkew: 1 + dice.below(3),
    topologyKey: dice.pick(topologies),
    whenUnsatisfiable: dice.pick(['DoNotSchedule', 'ScheduleAnyway']),
    ...(dice.chance(0.95) ? { labelSelector: selector(dice) } : {}),
    ...(dice.chance(0.2) ? { minDomains: 1 + dice.below(4) } : {}),
    ...(dice.chance(0.3) ? { nodeAffinityPolicy: dice.pick(['Honor', 'Ignore']) } : {}),
    ...(dice.chance(0.3) ? { nodeTaintsPolicy: dice.pick(['Honor', 'Ignore']) } : {}),
    ...(dice.chance(0.2) ? { matchLabelKeys: ['version'] } : {}),
  }));
}

function volumes(dice: Dice): NonNullable<Spec['volumes']> {
  const claimName = dice.pick(['local', 'local', 'zonal', 'shared', 'unbound', 'missing']);
  return [{ name: 'data', persistentVolumeClaim: { claimName } }];
}

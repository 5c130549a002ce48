import type { Node } from '../../../../src/api/types/generated/core-v1.ts';
import type { Dice } from './dice.ts';

const mebibyte = 1024 ** 2;

/** A node with labels, taints, images and resources, some of them missing. */
export function randomNode(dice: Dice, name: string): Node {
  const labels: Record<string, string> = {};
  if (dice.chance(0.95)) labels['kubernetes.io/hostname'] = name;
  if (dice.chance(0.85)) labels['topology.kubernetes.io/zone'] = dice.pick(['z1', 'z2', 'z3']);
  if (dice.chance(0.6)) labels['rack'] = dice.pick(['r1', 'r2']);
  if (dice.chance(0.7)) labels['disk'] = dice.pick(['ssd', 'hdd', 'nvme']);
  if (dice.chance(0.7)) labels['cores'] = dice.pick(['4', '8', '16', '32', 'many']);
  return {
    metadata: { name, uid: name, labels },
    spec: {
      ...(dice.chance(0.1) ? { unschedulable: true } : {}),
      ...(dice.chance(0.4) ? { taints: taints(dice) } : {}),
    },
    status: {
      allocatable: {
        cpu: dice.pick(['2', '4', '4', '3500m']),
        memory: dice.pick(['4Gi', '8Gi']),
        pods: dice.pick(['3', '10', '10']),
        ...(dice.chance(0.3) ? { 'example.com/gpu': '2' } : {}),
        ...(dice.chance(0.7) ? { 'ephemeral-storage': '10Gi' } : {}),
      },
      images: images(dice),
    },
  };
}

function taints(dice: Dice): NonNullable<NonNullable<Node['spec']>['taints']> {
  const all = [
    { key: 'dedicated', value: 'x', effect: 'NoSchedule' },
    { key: 'dedicated', value: 'y', effect: 'NoExecute' },
    { key: 'slow', value: 'very', effect: 'PreferNoSchedule' },
    { key: 'old', effect: 'PreferNoSchedule' },
    { key: 'broken', effect: 'NoSchedule' },
  ] as const;
  return dice.times(1 + dice.below(2), () => dice.pick(all));
}

function images(dice: Dice): NonNullable<NonNullable<Node['status']>['images']> {
  const all = [
    { names: ['web:latest', 'web@sha256:aa'], sizeBytes: 300 * mebibyte },
    { names: ['db:1'], sizeBytes: 1200 * mebibyte },
    { names: ['registry.example:5000/tools:latest'], sizeBytes: 30 * mebibyte },
  ];
  return all.filter(() => dice.chance(0.4));
}

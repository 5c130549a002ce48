import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from '../../../../src/api/types/generated/core-v1.ts';
import type { Dice } from './dice.ts';
import type { Model } from './model.ts';
import { randomNode } from './random-node.ts';

/** Nodes and everything else but pods. */
export function randomModel(dice: Dice): Model {
  return {
    nodes: dice.times(2 + dice.below(8), (at) => randomNode(dice, `node-${at}`)),
    pods: [],
    namespaces: [
      { metadata: { name: 'default', labels: { kind: 'open' } }, spec: {} },
      { metadata: { name: 'team', labels: dice.chance(0.5) ? { kind: 'closed' } : {} }, spec: {} },
    ],
    services: dice.chance(0.4)
      ? [{ metadata: { name: 'a', namespace: 'default' }, spec: { selector: { app: 'a' } } }]
      : [],
    replicaSets: ['a', 'b'].map((app) => ({
      metadata: { name: `set-${app}`, namespace: 'default' },
      spec: {
        selector: { matchLabels: { app } },
        template: { metadata: {}, spec: { containers: [] } },
      },
    })),
    budgets: ['default', 'team'].map((namespace) => ({
      metadata: { name: 'guard', namespace },
      spec: { selector: { matchLabels: { tier: 'front' } } },
      status: {
        disruptionsAllowed: dice.below(3),
        currentHealthy: 0,
        desiredHealthy: 0,
        expectedPods: 0,
      },
    })),
    claims: [claim('local', 'pv-local'), claim('zonal', 'pv-zonal'), claim('unbound')].concat(
      claim('shared', 'pv-shared', 'ReadWriteOncePod'),
    ),
    volumes: [localVolume(dice), zonalVolume(dice), { metadata: { name: 'pv-shared' }, spec: {} }],
    classes: [],
  };
}

function claim(name: string, volumeName?: string, mode = 'ReadWriteMany'): PersistentVolumeClaim {
  const bound = volumeName === undefined ? {} : { volumeName };
  return { metadata: { name, namespace: 'default' }, spec: { accessModes: [mode], ...bound } };
}

function localVolume(dice: Dice): PersistentVolume {
  const values = [`node-${dice.below(3)}`, `node-${dice.below(5)}`];
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values }];
  return {
    metadata: { name: 'pv-local' },
    spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } },
  };
}

function zonalVolume(dice: Dice): PersistentVolume {
  const zone = dice.pick(['z1', 'z2', 'z1__z3']);
  return {
    metadata: { name: 'pv-zonal', labels: { 'topology.kubernetes.io/zone': zone } },
    spec: {},
  };
}

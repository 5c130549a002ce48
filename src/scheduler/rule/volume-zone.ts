import { NodeSet } from '../state/node-set.ts';
import { findVolumes } from './bound-volumes.ts';
import type { NodeFilter, RuleContext } from './rule.ts';

const reasons = ['node(s) had no available volume zone'];

const keys = [
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
];

/** Volumes that say by label in which zones they are: several are divided by `__`. */
export function volumeZone(context: RuleContext): NodeFilter | undefined {
  const { facts, cluster } = context;
  if (facts.claims.length === 0) return undefined;
  let nodes = new NodeSet(cluster.nodes, () => true);
  let generation = -1;
  return {
    rule: 'VolumeZone',
    begin: () => {
      if (generation !== cluster.volumes.generation) {
        generation = cluster.volumes.generation;
        const zones = zonesOf(context);
        nodes = new NodeSet(cluster.nodes, (slot) => {
          const labels = cluster.nodes.labelsOf(slot);
          // A node without any zone is not asked where it is.
          if (keys.every((key) => labels[key] === undefined)) return true;
          return zones.every(({ key, values }) => values.includes(labels[key] ?? ''));
        });
      }
      nodes.refresh();
      return undefined;
    },
    pass: (block) => {
      let kept = 0;
      for (let at = 0; at < block.count; at += 1) {
        const slot = block.slots[at] as number;
        if (nodes.has(slot)) block.slots[kept++] = slot;
        else block.failedBy[slot] = block.mark;
      }
      block.count = kept;
    },
    reasons: () => reasons,
    resolvable: () => false,
  };
}

interface ZoneLabel {
  readonly key: string;
  readonly values: readonly string[];
}

function zonesOf(context: RuleContext): readonly ZoneLabel[] {
  return findVolumes(context).bound.flatMap(({ metadata }) =>
    keys.flatMap((key) => {
      const text = metadata.labels?.[key];
      return text === undefined ? [] : [{ key, values: text.split('__') }];
    }),
  );
}

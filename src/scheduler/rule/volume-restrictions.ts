import type { NodeFilter, RuleContext } from './rule.ts';

const reasons = [
  'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode',
];

/** A claim that is ReadWriteOncePod serves one pod at a time. */
export function volumeRestrictions({ facts, cluster }: RuleContext): NodeFilter | undefined {
  if (facts.claims.length === 0) return undefined;
  const { volumes } = cluster;
  const keys = facts.claims.map((claim) => `${facts.namespace}/${claim}`);
  let exclusive: readonly string[] = [];
  return {
    rule: 'VolumeRestrictions',
    begin: () => {
      exclusive = keys.filter((key) =>
        volumes.claims.get(key)?.spec?.accessModes?.includes('ReadWriteOncePod'),
      );
      return undefined;
    },
    pass: (block) => {
      // Whichever node its pod is on, the claim is taken on all.
      if (!exclusive.some((key) => volumes.users(key) !== undefined)) return;
      for (let at = 0; at < block.count; at += 1) {
        block.failedBy[block.slots[at] as number] = block.mark;
      }
      block.count = 0;
    },
    reasons: () => reasons,
    resolvable: () => true,
  };
}

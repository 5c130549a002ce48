import { balancedAllocation } from './balanced-allocation.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { interPodPreference } from './inter-pod-preference.ts';
import { nodeAffinity, nodePreference } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { leastAllocated, nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import type { FilterRule, ScoreRule } from './rule.ts';
import { spreadPreference } from './spread-preference.ts';
import { taintPreference, taintToleration } from './taint-toleration.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** In the order in which a node is asked: the first rule that it breaks is the one reported. */
export const filterRules: readonly FilterRule[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  volumeRestrictions,
  volumeBinding,
  volumeZone,
  podTopologySpread,
  interPodAffinity,
];

export const scoreRules: readonly ScoreRule[] = [
  taintPreference,
  nodePreference,
  leastAllocated,
  balancedAllocation,
  spreadPreference,
  interPodPreference,
  imageLocality,
];

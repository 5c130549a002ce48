import { fitsClaim } from '../../api/fits-claim.ts';
import type {
  NodeSelectorTerm,
  PersistentVolume,
  PersistentVolumeClaim,
} from '../../api/types/generated/core-v1.ts';
import { NodeSet } from '../state/node-set.ts';
import { findVolumes } from './bound-volumes.ts';
import { testOf, type NodeTest } from './node-selection.ts';
import type { NodeFilter, RuleContext } from './rule.ts';

const missing = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';
const elsewhere = "node(s) didn't match PersistentVolume's node affinity";
const unavailable = "node(s) didn't find available persistent volumes to bind";

/** What holds for the pod's claims at the moment: which nodes reach all of their volumes. */
interface Reach {
  readonly lost: number;
  readonly bound: NodeSet;
  readonly available: NodeSet;
}

/** Volumes that only some nodes reach, and claims whose volume is yet to be chosen. */
export function volumeBinding(context: RuleContext): NodeFilter | undefined {
  const { facts, cluster } = context;
  if (facts.claims.length === 0) return undefined;
  let reach: Reach | undefined;
  let refusal: string | undefined;
  let generation = -1;
  const reasons = (slot: number): readonly string[] => {
    const { lost = 0, bound, available } = reach ?? {};
    if (lost > 0) return [missing];
    const far = bound?.has(slot) === true ? [] : [elsewhere];
    return available?.has(slot) === true ? far : [...far, unavailable];
  };
  return {
    rule: 'VolumeBinding',
    begin: () => {
      if (generation !== cluster.volumes.generation) {
        generation = cluster.volumes.generation;
        ({ refusal, ...reach } = reachOf(context));
      }
      reach?.bound.refresh();
      reach?.available.refresh();
      return refusal;
    },
    pass: (block) => {
      let kept = 0;
      for (let at = 0; at < block.count; at += 1) {
        const slot = block.slots[at] as number;
        if (reasons(slot).length === 0) block.slots[kept++] = slot;
        else block.failedBy[slot] = block.mark;
      }
      block.count = kept;
    },
    reasons,
    resolvable: () => false,
  };
}

function reachOf(context: RuleContext): Reach & { readonly refusal: string | undefined } {
  const { cluster } = context;
  const { bound, lost, waiting, refusal } = findVolumes(context);
  const own = bound.map((volume) => reaching(volume, context));
  const choices = waiting.map((claim) => choosing(claim, context));
  const { nodes } = cluster;
  return {
    refusal,
    lost,
    bound: new NodeSet(nodes, (slot) => own.every((test) => test(slot))),
    available: new NodeSet(nodes, (slot) => choices.every((test) => test(slot))),
  };
}

/** The nodes that reach a volume. */
function reaching({ spec }: PersistentVolume, { cluster }: RuleContext): NodeTest {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (terms === undefined) return () => true;
  const tests = terms.map((term) => testOf(term, cluster.nodes));
  return (slot) => tests.some((test) => test(slot));
}

/** The nodes that reach a volume which would do, or for which one can be made. */
function choosing(claim: PersistentVolumeClaim, context: RuleContext): NodeTest {
  const { cluster } = context;
  const { volumes, classes } = cluster.volumes;
  const tests = [...volumes.values()]
    .filter((volume) => fitsClaim(volume, claim))
    .map((volume) => reaching(volume, context));
  const storageClass = classes.get(claim.spec.storageClassName ?? '');
  if (storageClass !== undefined && storageClass.provisioner !== 'kubernetes.io/no-provisioner') {
    const allowed = (storageClass.allowedTopologies ?? []).map(
      ({ matchLabelExpressions = [] }): NodeSelectorTerm => ({
        matchExpressions: matchLabelExpressions.map((one) => ({ ...one, operator: 'In' })),
      }),
    );
    const reachable = allowed.map((term) => testOf(term, cluster.nodes));
    tests.push((slot) => reachable.length === 0 || reachable.some((test) => test(slot)));
  }
  return (slot) => tests.some((test) => test(slot));
}
